"""llama.cpp's server, as its own C++ serves it: `serve.py MODEL.gguf`. Says where it listens; ends with its input."""

import os
import sys

import xllamacpp

SLOTS, CONTEXT = 2, 2048

settings = xllamacpp.CommonParams()
settings.model.path = sys.argv[1]
settings.model_alias = {"llama-cpp-smollm2"}
settings.n_parallel = SLOTS
settings.n_ctx = SLOTS * CONTEXT
settings.endpoint_metrics = True
# More threads than cores of one's own make it many times slower.
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 2) // 2)
server = xllamacpp.Server(settings)
print(f"listening on {server.listening_address}", flush=True)
sys.stdin.read()
