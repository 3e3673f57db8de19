// node jsonata.mjs FILE: a line of {"expr", "data", "bindings", "seconds"} each; prints nanoseconds
// for one evaluation by npm's jsonata (warmed up, the best of ROUNDS), 0 where it fails.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const ROUNDS = 4;
const require = createRequire(import.meta.url);
function load() {
    const places = [process.env.JSONATA_REFERENCE, 'jsonata', ...(process.env.NODE_PATH ?? '').split(':').filter(Boolean).map(f => f + '/jsonata')];
    for (const place of places.filter(Boolean))
        try { return require(place); } catch { /* the next */ }
    process.exit(77);
}
const jsonata = load();

async function measure({ expr, data, bindings, seconds }) {
    try {
        const expression = jsonata(expr);
        for (let i = 0; i < 5; i++)
            await expression.evaluate(data, bindings);
        let best = Infinity;
        for (let round = 0; round < ROUNDS; round++) {
            const began = process.hrtime.bigint();
            let times = 0, took = 0;
            for (let batch = 1; took < seconds * 1e9 / ROUNDS; batch *= 2) {
                for (let i = 0; i < batch; i++)
                    await expression.evaluate(data, bindings);
                times += batch;
                took = Number(process.hrtime.bigint() - began);
            }
            best = Math.min(best, took / times);
        }
        return best;
    } catch {
        return 0;
    }
}
for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean))
    console.log(await measure(JSON.parse(line)));
