// Expressions of the reference suite taken apart and put together anew over its data: subtrees put in
// place of others, operands and operators swapped, functions swapped, nested into one another. What
// a piece is, brackets and quotes tell; much of what comes out is wrong, and must be wrong alike.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { Random } from './random.mjs';

const SUITE = '../shared/conformance/jsonata';
const DATA_MOST = 20000; // characters; larger sets say no more and take long
const LENGTH_MOST = 400;

const visible = folder => readdirSync(folder).filter(name => !name.startsWith('.')).sort();

function readSuite() {
    const sets = new Map(), cases = [];
    for (const name of visible(`${SUITE}/datasets`)) {
        const text = readFileSync(`${SUITE}/datasets/${name}`, 'utf8');
        if (text.length <= DATA_MOST) sets.set(name.replace(/\.json$/, ''), JSON.parse(text));
    }
    for (const group of visible(`${SUITE}/groups`))
        for (const file of visible(`${SUITE}/groups/${group}`).filter(name => name.endsWith('.json'))) {
            const found = JSON.parse(readFileSync(`${SUITE}/groups/${group}/${file}`, 'utf8'));
            for (const one of [found].flat())
                if (typeof one.expr === 'string' && one.expr.length <= LENGTH_MOST && !one.timelimit && (one.dataset == null || sets.has(one.dataset)))
                    cases.push({ expr: one.expr, data: one.data ?? (one.dataset == null ? undefined : sets.get(one.dataset)), bindings: one.bindings });
        }
    return { sets: [...sets.values()], cases };
}

const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/(?![\s*])(?:[^/\\\n]|\\.)+\/[im]*|\/\*[^]*?\*\/|\$?[\p{L}_][\p{L}\p{N}_]*|\$\$?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|:=|!=|<=|>=|~>|\*\*|\.\.|\?:|\?\?|\s+|[^]/gu;
const OPEN = { '(': ')', '[': ']', '{': '}' };
const OPERATORS = ['+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', '..', '~>', '?:', '??', ' and ', ' or ', ' in ', '.'];

// Tokens with, for each opening bracket, the place of the one that closes it.
function parse(text) {
    const tokens = text.match(TOKEN) ?? [], closes = new Map(), open = [];
    tokens.forEach((t, i) => {
        if (OPEN[t]) open.push(i);
        else if (open.length && t === OPEN[tokens[open.at(-1)]]) closes.set(open.pop(), i);
    });
    return { tokens, closes };
}

const isWord = t => /^[$\p{L}\p{N}_"'`]/u.test(t) && !['and', 'or', 'in', 'function'].includes(t);

// Where pieces of it begin and end: bracketed parts, words with the call behind them, arguments.
function pieces({ tokens, closes }) {
    const found = [];
    for (let i = 0; i < tokens.length; i++) {
        if (closes.has(i)) {
            found.push([i, closes.get(i) + 1]);
            let from = i + 1;
            for (let at = i + 1; at <= closes.get(i); at++) {
                if (closes.has(at)) { at = closes.get(at); continue; }
                if (at === closes.get(i) || [',', ';', ':'].includes(tokens[at])) {
                    if (at > from) found.push([from, at]);
                    from = at + 1;
                }
            }
        } else if (isWord(tokens[i])) {
            let end = i + 1;
            while (closes.has(end) || (tokens[end] === '.' && tokens[end + 1] && isWord(tokens[end + 1])))
                end = closes.has(end) ? closes.get(end) + 1 : end + 2;
            found.push([i, i + 1], [i, end]);
        }
    }
    return found;
}

class Splicer {
    constructor(r, suite) {
        this.r = r;
        this.cases = suite.cases.map(c => ({ ...c, parsed: parse(c.expr) }));
        this.bits = this.cases.flatMap(c => pieces(c.parsed).map(([from, to]) => c.parsed.tokens.slice(from, to).join(''))).filter(t => t.length <= 120);
        this.functions = [...new Set(suite.cases.flatMap(c => c.expr.match(/\$[a-zA-Z0-9]+(?=\()/g) ?? []))];
    }
    operators(tokens) {
        return tokens.map((t, i) => i).filter(i => OPERATORS.includes(tokens[i]) || ['and', 'or', 'in'].includes(tokens[i]));
    }
    change(text) {
        const r = this.r, parsed = parse(text), { tokens } = parsed, parts = pieces(parsed);
        const put = ([from, to], piece) => tokens.slice(0, from).join('') + piece + tokens.slice(to).join('');
        const words = ([from, to]) => tokens.slice(from, to).join('');
        if (!parts.length) return text;
        const part = r.pick(parts);
        return r.pick([
            () => put(part, r.pick(this.bits)), () => put(part, r.pick(this.bits)), () => put(part, `(${r.pick(this.bits)})`),
            () => { // two pieces change places
                const other = r.pick(parts);
                const [a, b] = part[0] < other[0] ? [part, other] : [other, part];
                return a[1] > b[0] ? text : tokens.slice(0, a[0]).join('') + words(b) + tokens.slice(a[1], b[0]).join('') + words(a) + tokens.slice(b[1]).join('');
            },
            () => { // another operator
                const places = this.operators(tokens);
                if (!places.length) return text;
                const at = r.pick(places);
                return put([at, at + 1], r.pick(OPERATORS));
            },
            () => text.replace(/\$[a-zA-Z0-9]+(?=\()/g, f => r.chance(0.5) ? r.pick(this.functions) : f),
            () => put(part, `${r.pick(this.functions)}(${words(part)})`),
            () => put(part, `${words(part)}${r.pick(['[0]', '[-1]', '[]', '.*', '.**', '^($)', '.$', '{"k": $}', '#$i', '@$v', '[[0..1]]', '.%', ' ~> $string', '[$exists($)]'])}`),
            () => put(part, `(${words(part)} ${r.pick(OPERATORS)} ${r.pick(this.bits)})`),
            () => `${r.pick(this.functions)}(${text}${r.chance(0.4) ? ', ' + r.pick(this.bits) : ''})`,
            () => `(${text})${r.pick(['.', ' ~> ', '[', ' & '])}${r.pick(this.bits)}`.replace(/\[([^\]]*)$/, '[$1]'),
            () => `$map(${text}, function($v, $i){${r.pick(this.bits)}})`,
            () => `($x := ${text}; ${r.pick(['$x', '[$x]', '$x.*', '$count($x)', '$x & ""', '$string($x)', '{"a": $x}', '$append($x, $x)', '$sort($x)', '$x = $x'])})`,
        ])();
    }
}

export function* questions(seed, count) {
    if (!existsSync(SUITE)) {
        console.log(`no questions: ${SUITE} is not here`);
        return;
    }
    const r = new Random(seed), suite = readSuite(), splicer = new Splicer(r, suite);
    for (let made = 0; made < count;) {
        const from = r.pick(suite.cases);
        let expr = from.expr;
        for (let i = 1 + r.below(3); i > 0; i--) expr = splicer.change(expr);
        // random ones, long ones and halves of characters cannot be compared
        if (expr.length > LENGTH_MOST || Buffer.from(expr).toString() !== expr || /\$(random|shuffle)\b/.test(expr)) continue;
        made++;
        yield { expr, data: r.chance(0.85) ? from.data : r.pick(suite.sets), bindings: from.bindings };
    }
}
