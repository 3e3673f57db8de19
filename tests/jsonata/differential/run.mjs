// node run.mjs DRIVER COUNT [SEED]: generated expressions through npm's jsonata and through the
// driver; every difference that no rule below explains is printed, and any makes the run fail.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Random, Generator, damage, document, data } from './generate.mjs';

const SKIPPED = 77;
const NOW = 1600000000000;
const [driver, countText, seedText] = process.argv.slice(2);
const count = Number(countText ?? 2000), seed = Number(seedText ?? 1);

function load() {
    const require = createRequire(import.meta.url);
    const installed = process.cwd() + '/build/npm/jsonata/node_modules/jsonata';
    for (const name of [process.env.JSONATA_REFERENCE, installed, 'jsonata'].filter(Boolean))
        try { return require(name); } catch { /* the next */ }
    for (const folder of (process.env.NODE_PATH ?? '').split(':').filter(Boolean))
        try { return require(folder + '/jsonata'); } catch { /* the next */ }
    return null;
}
const jsonata = load();
if (!jsonata)
    process.exit(SKIPPED);
const RealDate = Date;
globalThis.Date = class extends RealDate {
    constructor(...a) { if (a.length === 0) super(NOW); else super(...a); }
    static now() { return NOW; }
};

function holdsFunction(v, depth = 0) {
    if (typeof v === 'function' || (v && (v._jsonata_lambda || v._jsonata_function))) return true;
    if (v === null || typeof v !== 'object' || depth > 50) return false;
    return (Array.isArray(v) ? v : Object.values(v)).some(e => holdsFunction(e, depth + 1));
}

async function reference(question) {
    try {
        const value = await jsonata(question.expr, { timeout: 5000, stack: 2000 }).evaluate(question.data, question.bindings);
        if (value === undefined) return { undefined: true };
        if (holdsFunction(value)) return { function: true };
        return { value: JSON.parse(JSON.stringify(value)) };
    } catch (e) {
        return { error: { code: e.code, position: e.position, token: e.token, message: e.message } };
    }
}

function same(a, b) {
    if (a === b) return true;
    if (typeof a !== typeof b || a === null || b === null || typeof a !== 'object') return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const x = Object.keys(a), y = Object.keys(b);
    return x.length === y.length && x.every(k => k in b && same(a[k], b[k]));
}

// Differences that are meant. Each rule: a name, and when it applies.
const rules = [
    ['the reference threw an error of JavaScript, not of JSONata', (q, r) => r.error && r.error.code === undefined],
    ['a limit of ours or of theirs', (q, r, o) => ['D1011', 'D1012'].includes(r.error?.code) || ['U1001', 'D2015'].includes(o.error?.code)],
    ['a function called by reference: there its error has the place of whatever call came last',
        (q, r, o) => r.error && r.error.code === o.error?.code && o.error.position === undefined],
    ['grouping an empty array leaves null in it there',
        (q, r, o) => /\{/.test(q.expr) && withoutNulls(r) === withoutNulls(o)],
    ['grouping an empty array leaves null in the input there', (q, r, o, before) => JSON.stringify(q.data) !== before],
    ['both fail, and several items of [..] or {..} can: there they are evaluated side by side',
        (q, r, o) => r.error?.code && o.error?.code && /[[{].*,/.test(q.expr)],
    ['a partially applied native gets arguments unchecked there, and JavaScript converts them', (q) => /\$\w+\(\?/.test(q.expr)],
    ['a time zone that is no number makes every component NaN there', (q, r) => /NaN/.test(JSON.stringify(r))],
    ['a string is replaced by a function: there by the source text of its wrapper',
        (q, r) => /async function/.test(JSON.stringify(r)) || /\$replace\([^/()]*, function\(/.test(q.expr)],
    ['the last bit of a power', (q, r, o) => /\$power|\$parseInteger|\$formatBase/.test(q.expr) && close(r.value, o.value)],
    ['a character beyond U+FFFF is two to a regular expression there', q => /[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(q)) && /\/[^/]+\/|\$split/.test(q.expr)],
];

// Numbers (also as text) that differ behind the fifteenth digit.
function close(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= Math.abs(a) * 1e-15;
    const x = JSON.stringify(a) ?? '', y = JSON.stringify(b) ?? '';
    return x.length === y.length && x.replace(/(\d[\da-z.]{13})[\da-z]+/gi, '$1') === y.replace(/(\d[\da-z.]{13})[\da-z]+/gi, '$1');
}

const withoutNulls = a => JSON.stringify(a).replace(/,null(?=[,\]])|null,|(?<=\[)null(?=\])/g, '');

function agree(r, o) {
    if (r.error || o.error) {
        if (!r.error || !o.error || r.error.code !== o.error.code) return false;
        return (r.error.position === undefined || r.error.position === o.error.position) && r.error.message === o.error.message;
    }
    if (r.undefined || o.undefined || r.function || o.function)
        return !!r.undefined === !!o.undefined && !!r.function === !!o.function;
    return same(r.value, o.value);
}

const child = spawn(driver, ['--driver'], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
let differences = 0, errors = 0, undefineds = 0;
const explained = new Map();
const r = new Random(seed);
for (let i = 0; i < count; i++) {
    const g = new Generator(r);
    const question = { expr: g.expression(1 + r.below(4)), data: r.chance(0.9) ? document(r) : data(r) };
    if (r.chance(0.1)) question.expr = damage(r, question.expr);
    const before = JSON.stringify(question.data);
    child.stdin.write(JSON.stringify(question) + '\n');
    const theirs = await reference(question);
    const { value: line, done } = await lines.next();
    if (done) {
        console.log(`the driver died at: ${JSON.stringify(question)}`);
        process.exit(1);
    }
    const ours = JSON.parse(line);
    errors += !!theirs.error;
    undefineds += !!theirs.undefined;
    if (agree(theirs, ours)) continue;
    const rule = rules.find(([, applies]) => applies(question, theirs, ours, before));
    if (rule) {
        explained.set(rule[0], (explained.get(rule[0]) ?? 0) + 1);
        continue;
    }
    if (++differences <= 30)
        console.log(`${question.expr}\n  on ${JSON.stringify(question.data)}\n  theirs ${JSON.stringify(theirs).slice(0, 400)}\n  ours   ${JSON.stringify(ours).slice(0, 400)}`);
}
child.stdin.end();
for (const [name, times] of explained)
    console.log(`${times} explained: ${name}`);
console.log(`${count} expressions (seed ${seed}; ${errors} errors, ${undefineds} undefined there), ${differences} unexplained differences`);
console.log(`jsonata-differential: ${count - differences} passed, ${differences} failed`);
process.exit(differences ? 1 : 0);
