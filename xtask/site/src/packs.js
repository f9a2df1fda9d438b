
// A pack is a module that holds others as its sections, and their names in one. Each of them runs once, whichever page brought it first.
const running = new Map();
function open(file) {
    return () => {
        const answer = ask(new URL(file, import.meta.url));
        // Whoever waits for it below hears of it.
        answer.catch(() => {});
        return async (imports) => {
            const pack = await WebAssembly.compileStreaming(answer);
            const section = (name) => WebAssembly.Module.customSections(pack, name)[0];
            const names = new TextDecoder().decode(section("parts")).split(" ").filter(Boolean);
            const run = (name) => {
                const part = section(name);
                const started = WebAssembly.instantiate(part, imports);
                running.set(name, started);
                return started;
            };
            await Promise.all(names.map((name) => running.get(name) ?? run(name)));
        };
    };
}
async function ask(address) {
    for (;;) {
        const answer = await fetch(address).catch(() => undefined);
        if (answer?.ok) return answer;
        if (answer?.status === 404) {
            if (!("awake" in document.documentElement.dataset)) throw new Error(`${address} is missing`);
            // Another build is served by now: this page goes on as one of that.
            location.reload();
            return new Promise(() => {});
        }
        // No network, or a service that starts again: the page opens when it is back.
        await new Promise((later) => setTimeout(later, 2000));
    }
}
