// node jsonata.mjs: npm's jsonata at the other end of a pipe, so that both sides of a comparison are
// measured in turns. A line {"expr", "data", "bindings"} compiles and warms up; each line that is a
// number then measures for so many seconds. Answers: nanoseconds of processor time for one
// evaluation (0 where it fails).
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const WARM_TIMES = 20, WARM_MS = 100;
const require = createRequire(import.meta.url);
function load() {
    const folders = (process.env.NODE_PATH ?? '').split(':').filter(Boolean).map(f => f + '/jsonata');
    for (const place of [process.env.JSONATA_REFERENCE, process.cwd() + '/build/npm/jsonata/node_modules/jsonata', 'jsonata', ...folders].filter(Boolean))
        try { return require(place); } catch { /* the next */ }
    process.exit(77);
}
const jsonata = load();
let expression, question;

// The thread that evaluates, where node can tell; else the whole process.
const spent = () => { const u = (process.threadCpuUsage ?? process.cpuUsage).call(process); return (u.user + u.system) * 1000; };

async function some(times) {
    for (let i = 0; i < times; i++)
        await expression.evaluate(question.data, question.bindings);
}

async function prepare(line) {
    question = JSON.parse(line);
    expression = jsonata(question.expr);
    const began = Date.now();
    for (let i = 0; i < WARM_TIMES && Date.now() - began < WARM_MS; i++)
        await some(1);
    return 1;
}

async function measure(seconds) {
    const began = spent();
    let times = 0, took = 0;
    for (let batch = 1; took < seconds * 1e9; batch *= 2) {
        await some(batch);
        times += batch;
        took = spent() - began;
    }
    return took / times;
}

for await (const line of createInterface({ input: process.stdin }))
    try {
        console.log(line[0] === '{' ? await prepare(line) : await measure(Number(line)));
    } catch {
        console.log(0);
    }
