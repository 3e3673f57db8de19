// The reference (npm's jsonata) as it is, and as it would be without one of its peculiarities: a
// variant is its own source text with a few places replaced. A difference between the reference and
// Stepwell counts as explained by a peculiarity only when the variant without it gives exactly what
// Stepwell gives.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import Module from 'node:module';

const require = createRequire(import.meta.url);

function find() {
    const installed = process.cwd() + '/build/npm/jsonata/node_modules/jsonata';
    const folders = (process.env.NODE_PATH ?? '').split(':').filter(Boolean).map(f => f + '/jsonata');
    for (const name of [process.env.JSONATA_REFERENCE, installed, 'jsonata', ...folders].filter(Boolean))
        try { return require.resolve(name); } catch { /* the next */ }
    return null;
}

const path = find();
export const installed = Boolean(path);
const source = path && readFileSync(path, 'utf8');

// name: what the reference does, and what the replaced places make of it.
export const peculiarities = [
    ['items of [..] and values of {..} are evaluated side by side, so that which of several errors comes first, and what '
        + 'an assignment in one means to another, depends on how many turns of the event loop each takes (here: one after the other)',
        [['let generators = await Promise.all(expr.expressions\n                    .map(async (item, idx) => {\n                        environment.isParallelCall = idx > 0\n                        return [item, await evaluate(item, input, environment)]\n                    }));',
            'let generators = []; for (const one of expr.expressions) generators.push([one, await evaluate(one, input, environment)]);'],
        ['let generators = await Promise.all(utils.keys(groups).map(async (key, idx) => {', 'let generators = []; for (const key of utils.keys(groups)) { const idx = 0; generators.push(await (async () => {'],
        ['return [key, await evaluate(expr.lhs[entry.exprIndex][1], context, env)];\n        }));', 'return [key, await evaluate(expr.lhs[entry.exprIndex][1], context, env)];\n        })()); }']]],
    ['grouping an empty array puts an undefined item into that array, the input\'s own or a variable\'s (here: into a new one)',
        [['            input.push(undefined);', '            input = [undefined];']]],
    ['a regular expression sees a character beyond U+FFFF as two (here: flag u, for which the pattern is written as it wants it)',
        [['return new RegExp(pattern, flags);', 'try { return new RegExp(globalThis.forFlagU(pattern), flags + "u"); } catch { return new RegExp(pattern, flags); }']]],
    ['?: and ?? copy their left side through JSON, which makes {} of a regular expression and takes the check out of a signature (here: copied whole)',
        [['this.condition = JSON.parse(JSON.stringify(left));', 'this.condition = globalThis.copyTree(left);'],
        ['arguments: [JSON.parse(JSON.stringify(left))]', 'arguments: [globalThis.copyTree(left)]']]],
    ['a message or $spread shows the inside of a function or a pattern (here: undefined and the function; its source)',
        [["typeof arg === 'object' && !isLambda(arg)", "typeof arg === 'object' && !isFunction(arg)"],
        ['return JSON.stringify(err[arguments[1]]);', 'return JSON.stringify(err[arguments[1]], (k, v) => utils.isFunction(v) ? undefined : v instanceof RegExp ? v.source : v);']]],
    ['a pattern called with a function, or an array that holds one, looks at its source text (here: at [object Object])',
        [['var match = re.exec(str);', 'const named = v => isFunction(v) ? "[object Object]" : Array.isArray(v) ? v.map(named) : v; var match = re.exec(named(str));']]],
    ['a transform takes a function for an object to merge (here: it is refused as no object)',
        [["if(updateType !== 'object' ||", "if(updateType !== 'object' || isFunction(update) ||"]]],
    ['$base64decode takes a character beyond U+00FF by its low byte (here: it is passed over)',
        [["return new global.Buffer.from(str, 'base64')", "return new global.Buffer.from(str.replace(/[^\\0-\\xff]/g, ''), 'base64')"]]],
    ['a transform sets members of an array too: its length, items by their number (here: an array has no members)',
        [['match[prop] = update[prop];', 'if (!Array.isArray(match)) match[prop] = update[prop];']]],
    ['* over an array that is a sequence finds its mark, an item `true`, behind its items (here: only items)',
        [['utils.keys(input).forEach(function (key) {\n                var value = input[key];', '(Array.isArray(input) ? Array.from(input.keys()) : utils.keys(input)).forEach(function (key) {\n                var value = input[key];']]],
    ['$replace of a string by a function puts in the source text of its wrapper (here: [object Object], as in tail position)',
        [['result += replacement;', 'result += utils.isFunction(replacement) || replacement && replacement._jsonata_lambda ? "[object Object]" : replacement;']]],
    ['a function of the library keeps name and place of its last call, even in an earlier expression, and gives them to errors '
        + '(here: it begins every evaluation with its own name and no place)',
        [['bindings[name] = value;', 'bindings[name] = value; if (utils.isFunction(value) && !library.has(value)) library.set(value, name);'],
        ['var staticFrame = createFrame(null);', 'var library = new Map(), staticFrame = createFrame(null);'],
        ["exec_env.bind('$', input);", "exec_env.bind('$', input); library.forEach((name, f) => { f.token = name; delete f.position; });"]]],
];

globalThis.copyTree = function copyTree(v) {
    if (v === null || typeof v !== 'object' || v instanceof RegExp || typeof v.validate === 'function') return v;
    return Array.isArray(v) ? v.map(copyTree) : Object.fromEntries(Object.entries(v).map(([k, e]) => [k, copyTree(e)]));
};

// What flag u refuses, written so that it means the same: braces and brackets that stand for themselves,
// escapes of letters that mean nothing, references to groups that are none.
globalThis.forFlagU = function forFlagU(pattern) {
    let inClass = false;
    const groups = (pattern.match(/\((?!\?[^<]|\?<[=!])/g) ?? []).length;
    pattern = pattern.replace(/(\\[dDwWsS])-(?=[^\]]*\])/g, '$1\\-').replace(/-(\\[dDwWsS])(?=[^\]]*\])/g, '\\-$1');
    return pattern.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|\d+|[^])|\{\d+(?:,\d*)?\}|[^]/gu, (token, escaped) => {
        if (escaped === undefined) {
            if (inClass) { if (token === ']') inClass = false; return token; }
            if (token === '[') { inClass = true; return token; }
            return /^[{}\]]$/.test(token) ? '\\' + token : token;
        }
        if (/^\d/.test(escaped)) {
            if (escaped === '0' || !inClass && Number(escaped) <= groups && escaped[0] !== '0') return token;
            const octal = /^[0-3]?[0-7]{1,2}/.exec(escaped)?.[0] ?? '';
            return (octal ? '\\x' + parseInt(octal, 8).toString(16).padStart(2, '0') : '') + escaped.slice(octal.length);
        }
        if (/^(u....|x..|c.|[dDwWsSfnrtv^$\\.*+?()[\]{}|/])$/.test(escaped) || escaped === 'b' || escaped === 'B' && !inClass || escaped === '-' && inClass) return token;
        return escaped === '-' ? '-' : escaped;
    });
};

// The reference without the peculiarities of these numbers, as it is before its first expression:
// expressions leave marks on it, the names and places of its functions' calls, and what a transform
// sets in a function.
export function fresh(numbers = []) {
    let text = source;
    for (const number of numbers)
        for (const [from, to] of peculiarities[number][1]) {
            if (text.split(from).length !== 2)
                throw new Error(`not once in the reference's source: ${from}`);
            text = text.replace(from, () => to);
        }
    const name = path + '#' + numbers.join(), module = new Module(name);
    module.paths = Module._nodeModulePaths(path);
    module._compile(text, name);
    return module.exports;
}

const made = new Map();
// The same, but one for all.
export function variant(numbers) {
    const key = numbers.join();
    if (!made.has(key)) made.set(key, fresh(numbers));
    return made.get(key);
}
