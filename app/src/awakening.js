async (script, wasm, early) => {
  // A page that nobody sees is not painted.
  await new Promise((go) => (document.hidden ? go() : requestAnimationFrame(() => setTimeout(go))));
  for (const href of early) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", type: "application/wasm", crossOrigin: "", href }));
  }
  const half = await import(script);
  await half.default({ module_or_path: wasm });
  half.hydrate();
}
