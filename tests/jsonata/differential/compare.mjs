// Questions (an expression, data, variables) through the reference and through the driver; every
// difference that nothing below explains is printed.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fresh, variant, peculiarities } from './reference.mjs';

const NOW = 1600000000000;
const TIME_MS = 1500, DEPTH = 2000; // of the reference
const SHOWN = 30;

const RealDate = Date; // its now() stays: the reference's time limit asks it
globalThis.Date = class extends RealDate {
    constructor(...a) { if (a.length === 0) super(NOW); else super(...a); }
};

function holdsFunction(v, depth = 0) {
    if (typeof v === 'function' || (v && (v._jsonata_lambda || v._jsonata_function))) return true;
    if (v === null || typeof v !== 'object' || depth > 50) return false;
    return (Array.isArray(v) ? v : Object.values(v)).some(e => holdsFunction(e, depth + 1));
}

// Halves of characters cannot leave Stepwell, whose texts are UTF-8.
function wellFormed(key, v) {
    if (typeof v === 'string') return Buffer.from(v).toString(); // Node 18 has no toWellFormed
    if (v === null || typeof v !== 'object' || Array.isArray(v)) return v;
    return Object.fromEntries(Object.entries(v).map(([k, e]) => [Buffer.from(k).toString(), e]));
}

async function ask(jsonata, question, text) {
    const { data, bindings } = JSON.parse(text); // the reference changes its input now and then
    try {
        const value = await jsonata(question.expr, { timeout: TIME_MS, stack: DEPTH }).evaluate(data, bindings);
        if (value === undefined) return { undefined: true };
        if (holdsFunction(value)) return { function: true };
        return { value: JSON.parse(JSON.stringify(value), wellFormed) };
    } catch (e) {
        return { error: { code: e.code, position: e.position, token: e.token, message: wellFormed('', e.message) } };
    }
}

function same(a, b) {
    if (a === b) return true;
    if (typeof a !== typeof b || a === null || b === null || typeof a !== 'object') return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const x = Object.keys(a), y = Object.keys(b);
    return x.length === y.length && x.every(k => k in b && same(a[k], b[k]));
}

function agree(theirs, ours) {
    if (theirs.error || ours.error) {
        if (!theirs.error || !ours.error || theirs.error.code !== ours.error.code) return false;
        return (theirs.error.position === undefined || theirs.error.position === ours.error.position) && theirs.error.message === ours.error.message;
    }
    if (theirs.undefined || ours.undefined || theirs.function || ours.function)
        return !!theirs.undefined === !!ours.undefined && !!theirs.function === !!ours.function;
    return same(theirs.value, ours.value);
}

// A surrogate written without the other one.
const halves = /(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..|\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])/;

// An error of JavaScript, not of JSONata, ended the reference, be it within $eval: its message, or undefined.
const ofJavaScript = /^(Cannot (read|set) properties|Cannot convert object|Maximum call stack|Invalid (code point|string length|array length|regular expression))| is not (a function|iterable)/;
function javascriptError(t) {
    if (!t.error) return undefined;
    if (t.error.code === undefined || /^ERR_/.test(t.error.code)) return t.error.message;
    const inner = t.error.code === 'D3121' && /passed to function eval: (".*")$/s.exec(t.error.message);
    return inner && ofJavaScript.test(JSON.parse(inner[1])) ? JSON.parse(inner[1]) : undefined;
}

// Where Stepwell does not refuse too, the accident must be one of these.
const thrown = pattern => (t, o) => !o.error && pattern.test(javascriptError(t) ?? '');
const accidents = [
    ['a pattern is matched with an object or a function (here: with its text, [object Object])', thrown(/^Cannot convert object to primitive value/)],
    ['recursion of JavaScript itself', thrown(/^Maximum call stack size exceeded/)],
];

const withoutGroups = answer => JSON.stringify(answer.value, (key, v) => key === 'groups' || Array.isArray(v) && v.every(e => e === null || typeof e === 'string') ? 0 : v);

// A pattern, between its slashes, in which a group is followed by a quantifier.
const repeatedGroup = /\/(?:\\.|[^/\\])*\((?:\\.|[^/\\])*\)(?:[*+?]|\{\d)(?:\\.|[^/\\])*\//s;

// An answer without the source text of what the reference wraps functions in that are arguments, plain or as part of a URL.
const unwrapped = v => JSON.stringify(v)?.replace(/async(?: |%20)function(?: |%20)\(\.\.\.params\).*?(?:\}|%7D)/g,
    text => text.includes('%20') ? '%5Bobject%20Object%5D' : '[object Object]');

// Where there is nothing to compare.
const incomparable = [
    ['an error of JavaScript there; Stepwell refuses too, in words of its own', (t, o) => javascriptError(t) !== undefined && o.error],
    ...accidents.map(([why, applies]) => [`an error of JavaScript there: ${why}`, applies]),
    ['a limit of the reference', t => ['D1011', 'D1012'].includes(t.error?.code)],
    ['half of a character meets a search, a pattern or a picture: in UTF-8 it is found only by itself',
        (t, o, q) => halves.test(q.expr) && (/\/[^/]+\/|\$(substringBefore|substringAfter|contains|split|replace|parseInteger|toMillis)/.test(q.expr))],
    ['a choice in a signature that is no list of letters: JavaScript makes a character class of it',
        (t, o, q) => /(?:function|λ)\s*\([^)]*\)\s*<[^{]*\([^{]*[^a-z<>()?+:\-\s{][^{]*>\s*\{/.test(q.expr)],
    ['a zero digit beyond U+FFFF in a picture: JavaScript takes its first half for it', (t, o, q) => /"zero-digit\\?": *\\?"[\u{10000}-\u{10ffff}]/u.test(q.expr)],
    ['a pattern that is wrong meets flags that are wrong: one of the two is refused first', (t, o, q) => o.error?.code === 'S0303' && ['S0201', 'S0202'].includes(t.error?.code) && t.error.position === o.error.position + 1],
    ['a group that is repeated: JavaScript forgets its captures as a round begins, and undoes a round that took nothing; PCRE2 keeps both',
        (t, o, q) => repeatedGroup.test(q.expr) && ([t, o].some(a => a.error?.code === 'D1004') || !t.error && !o.error && withoutGroups(t) === withoutGroups(o))],
    ['\\B within a character beyond U+FFFF: V8 finds it between the halves, with flag u too',
        (t, o, q) => /\\B/.test(q.expr) && /[\u{10000}-\u{10ffff}]|\\u[dD][89abAB]/u.test(q.expr + JSON.stringify(q.data)) && t.error?.code === 'D1004'],
    ['a lookbehind without a fixed length, which PCRE2 does not take', (t, o) => o.error?.code === 'S0303' && /lookbehind assertion is not fixed length/.test(o.error.message)],
    ['the source text of what the reference wraps functions in (here: [object Object])',
        (t, o) => unwrapped(t) !== JSON.stringify(t) && unwrapped(t) === JSON.stringify(o)],
    ['a message longer than 32 KiB, which Stepwell cuts', (t, o) => t.error && t.error.code === o.error?.code && t.error.message.length > 32000 && t.error.message.startsWith(o.error.message.slice(0, 30000))],
    ['a function applied partially meets an argument of another type, and what JavaScript makes of it is refused here',
        (t, o, q) => o.error?.code === 'T0410' && /[(,]\s*\?\s*[,)]/.test(q.expr)],
    ['a limit of ours', (t, o) => ['U1001', 'D2015'].includes(o.error?.code)],
];

let reference; // of this thread
const MARKED = 'an earlier expression left its mark on the reference; a fresh one answers as Stepwell does';

async function explain(question, text, theirs, ours) {
    if (!theirs.error || theirs.error.code !== ours.error?.code) { // else only the words differ
        const clean = fresh();
        if (agree(await ask(clean, question, text), ours)) {
            reference = clean;
            return MARKED;
        }
    }
    const none = incomparable.find(([, applies]) => applies(theirs, ours, question));
    if (none) return none[0];
    const explains = async numbers => {
        const other = await ask(variant(numbers), question, text);
        return agree(other, ours) || (other.error && other.error.code === undefined); // nothing to compare any more
    };
    const all = peculiarities.map((_, i) => i);
    for (const i of all)
        if (await explains([i])) return peculiarities[i][0];
    if (!await explains(all)) return null;
    let needed = all;
    for (const i of all)
        if (await explains(needed.filter(n => n !== i))) needed = needed.filter(n => n !== i);
    return `several: ${needed.map(n => n + 1).join(' and ')}`;
}

class Driver {
    constructor(program) {
        this.child = spawn(program, ['--driver'], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }
    async ask(line) {
        this.child.stdin.write(line + '\n');
        const { value, done } = await this.lines.next();
        if (done) {
            console.log(`the driver died at: ${line}`);
            process.exit(1);
        }
        return JSON.parse(value);
    }
    end() { this.child.stdin.end(); }
}

// One after the other, from question number `from` on; tells what came out of each.
async function compareAll(program, questions, from, tell) {
    const driver = new Driver(program);
    let number = 0;
    reference = fresh();
    for (const question of questions) {
        if (number++ < from) continue;
        const text = JSON.stringify(question);
        tell({ number, text });
        const answer = driver.ask(text);
        const theirs = await ask(reference, question, text), ours = await answer;
        const agreed = agree(theirs, ours), why = agreed ? null : await explain(question, text, theirs, ours);
        tell({ agreed, why, error: !!theirs.error, undefined: !!theirs.undefined, theirs: agreed ? null : theirs, ours: agreed ? null : ours });
    }
    driver.end();
    tell({ end: true });
}

// The reference runs in a thread of its own: where it does not come back, the thread is ended, and a
// new one goes on behind the question.
const HANG_MS = 4000, OWN_MS = 20000;
const HANGING = 'the reference did not come back';

function thread(order, take) {
    return new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: order, resourceLimits: { maxOldGenerationSizeMb: 2000 } });
        let last = RealDate.now(), hung = false;
        const watch = setInterval(() => {
            if (RealDate.now() - last > HANG_MS) { hung = true; worker.terminate(); }
        }, 250);
        worker.on('message', list => { last = RealDate.now(); list.forEach(take); });
        worker.on('error', e => { if (e.code === 'ERR_WORKER_OUT_OF_MEMORY') hung = true; else reject(e); });
        worker.on('exit', () => { clearInterval(watch); resolve(hung); });
    });
}

function show(text, theirs, ours) {
    const { expr, data, bindings } = JSON.parse(text);
    console.log(`${expr}\n  on ${JSON.stringify(data)}${bindings ? ' with ' + JSON.stringify(bindings) : ''}`);
    console.log(`  theirs ${JSON.stringify(theirs).slice(0, 400)}\n  ours   ${JSON.stringify(ours).slice(0, 400)}`);
}

// Asks all questions of a generator; true when nothing is left unexplained. SHOW=word prints the
// differences explained by a reason that holds the word.
export async function compare(program, generator, seed, count) {
    let asked = 0, current = '', differences = 0, errors = 0, undefineds = 0;
    const explained = new Map(), explain = why => explained.set(why, (explained.get(why) ?? 0) + 1);
    const take = told => {
        if (told.text !== undefined) {
            asked = told.number;
            current = told.text;
        } else if (!told.end) {
            errors += told.error;
            undefineds += told.undefined;
            if (told.why) explain(told.why);
            if (told.why && process.env.SHOW && told.why.includes(process.env.SHOW) || !told.agreed && !told.why && ++differences <= SHOWN)
                show(current, told.theirs, told.ours);
        }
    };
    while (await thread({ program, generator, seed, count, from: asked }, take)) {
        if (spawnSync(program, ['--driver'], { input: current + '\n', timeout: OWN_MS }).status !== 0) {
            console.log(`Stepwell did not come back: ${current}`);
            differences++;
        }
        explain(HANGING);
        if (process.env.SHOW && HANGING.includes(process.env.SHOW)) console.log(`hanging: ${current}`);
    }
    for (const [why, times] of [...explained].sort((a, b) => b[1] - a[1]))
        console.log(`${times} explained: ${why}`);
    console.log(`${asked} expressions (${generator}, seed ${seed}; ${errors} errors, ${undefineds} undefined there), ${differences} unexplained differences`);
    return differences === 0;
}

if (!isMainThread) {
    const { program, generator, seed, count, from } = workerData;
    const { questions } = await import(`./${generator}.mjs`);
    let batch = [];
    const flush = () => { if (batch.length) parentPort.postMessage(batch); batch = []; };
    await compareAll(program, questions(seed, count), from, told => {
        batch.push(told);
        if (told.end || told.text !== undefined) flush(); // what is asked is known before it may hang
    });
    process.exit(0);
}
