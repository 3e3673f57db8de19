// Every function of the library times every kind of argument at every place, of every arity from none
// to one too many, in every context in which a function is called: bare, mapped over, as a predicate,
// behind a chain, applied partially, as a callback of another function.
import { Random } from './random.mjs';

const DATA = { list: [{ n: 1, s: 'a' }, { n: 2, s: ['b', 'c'] }, { n: '3' }, { s: null }], one: [{ n: 7 }], a: [3, 1, 2], nest: [[1, [2]], [], [[3]]], w: ['b', 'a'], t: 'a b,c', e: [], o: { x: 1, y: { z: [1, 2] }, '': 'e' }, z: null, f: false, big: 1e21, tiny: 1e-7 };
const KINDS = ['nothing', 'null', 'true', 'false', '0', '-0', '1', '-1', '2', '3', '2.5', '-2.5', '1e21', '1e-7', '1e300', '9007199254740993', '16', '36', '37', '""', '"a"', '"abc"', '"12"', '"0x1F"', '" a  b "', '"😀é"', '"\\ud83d"', '"#,##0.00"', '"1"', '"w"', '"I"',
    '"[Y0001]-[M01]-[D01]"', '"[D1o] [MNn] [Y]"', '"2020-02-29"', '"2020-02-29T01:02:03.004Z"', '"+0530"', '"YWJj"', '"%E0%A4%A"', '"n"', '[]', '[1]', '[[]]', '[[1]]', '["a"]', '[1,2,3]', '["b","a","b"]', '[3,"a"]', '[null]', '[1,[2,[3]]]', '[nothing]', '[{"a":1},{"a":2,"b":3}]', '{}', '{"a":1}', '{"a":[1,2],"b":null}',
    'list', 'list.n', 'list.s', 'one', 'one.n', 'a', 'a[]', 'a[0][]', 'nest', 'nest[0]', 'w', 't', 'e', 'o', 'o.y.z', 'z', 'f', 'big', 'tiny', '$', '*', '**.z', '/a/', '/b(c)?/i', '/(a)|b/', '/[a-c]+/', '/x*/', '$sum', '$uppercase', '$string', '$not', '$length', '$append', '$map',
    'function(){1}', 'function($v){$v}', 'function($v,$i){$i}', 'function($v,$i,$a){$count($a)}', 'function($a,$b){$a>$b}', 'function($a,$b,$c,$d){[$a,$b,$c,$d]}', 'function($m){$m.match}', 'function($v)<n:n>{$v+1}', 'function($s)<s-:s>{$s&"!"}', 'function($x)<a<n>:n>{$sum($x)}', 'function($v){$error("no")}', 'function($v){nothing}',
    '$substring(?,1)', '$append(?,?)', '$uppercase~>$length', '|$|{"q":1}|', '[function(){1}]', '{"f":$sum}', '[/a/]', '[1..3]', '(1;2)', '1>0?"y"', 'a^($)', 'list@$l.($l.n)', 'a#$i.($i)', 'list{s:n}'];
const FUNCTIONS = ['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase', 'uppercase', 'length', 'trim', 'pad', 'match', 'contains', 'replace', 'split', 'join', 'formatNumber', 'formatBase', 'formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power',
    'boolean', 'not', 'map', 'zip', 'filter', 'single', 'reduce', 'sift', 'keys', 'lookup', 'append', 'exists', 'spread', 'merge', 'reverse', 'each', 'error', 'assert', 'type', 'sort', 'distinct', 'base64encode', 'base64decode', 'encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'toMillis', 'fromMillis', 'clone'];
const ARITY = { now: 0, pad: 3, match: 3, replace: 4, formatNumber: 3, substring: 3, reduce: 3, fromMillis: 3, split: 3 };
const HIGHER = ['map', 'filter', 'single', 'each', 'sift', 'sort', 'reduce'];

// From one of these to itself: the reference adds 1 for ever, and V8 ends the process.
const WITHOUT_NEXT = ['1e21', '1e300', '9007199254740993', 'big'];

class Branches {
    constructor(r) { this.r = r; }
    kind() { return this.r.pick(KINDS); }
    list(n, what = () => this.kind()) { return Array.from({ length: n }, what).join(', '); }
    call(depth = 0) {
        const r = this.r, name = r.pick(FUNCTIONS), n = r.chance(0.85) ? 1 + r.below(ARITY[name] ?? 2) : r.below((ARITY[name] ?? 2) + 2);
        return `$${name}(${this.list(n, () => depth < 2 && r.chance(0.12) ? this.call(depth + 1) : this.kind())})`;
    }
    range(from, to) { return [from, to].every(end => WITHOUT_NEXT.includes(end)) ? `[${from}, ${to}]` : `[${from}..${to}]`; }
    expression() {
        const r = this.r, name = '$' + r.pick(FUNCTIONS), k = () => this.kind();
        return r.pick([
            () => this.call(), () => this.call(), () => this.call(), () => this.call(),
            () => `${k()}.${this.call()}`, () => `(${k()}).(${name}($, ${k()}))`, () => `(${k()}).${name}()`, () => `${k()}[${this.call()}]`, () => `(${k()})[${name}($)]`,
            () => `${k()} ~> ${name}(${this.list(r.below(3))})`, () => `${k()} ~> ${name}`, () => `${k()} ~> ${k()}`, () => `(${k()} ~> ${k()})(${k()})`,
            () => `${name}(${r.pick(['?', '?, ?', `?, ${k()}`, `${k()}, ?`, `${k()}, ?, ${k()}`, `?, ${k()}, ?`])})(${this.list(r.below(3))})`,
            () => `$${r.pick(HIGHER)}(${k()}, ${name})`, () => `$${r.pick(HIGHER)}(${k()}, ${k()})`, () => `$${r.pick(HIGHER)}(${k()}, function($v, $i){${name}($v${r.chance(0.5) ? ', ' + k() : ''})})`,
            () => `(${k()})(${this.list(r.below(3))})`, () => `(${k()})^(${r.pick(['', '<', '>'])}${this.call()})`, () => `(${k()}){$string(${k()}): ${this.call()}}`, () => `{${k()}: ${this.call()}}`, () => `[${this.call()}, ${k()}]`,
            () => `${this.call()} ${r.pick(['+', '-', '*', '/', '%', '&', '=', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or', '?:', '??'])} ${k()}`, () => `${k()} ${r.pick(['+', '-', '*', '/', '%', '&', '=', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or', '?:', '??'])} ${k()}`, () => `-(${k()})`, () => this.range(k(), k()),
            () => `(${k()}) ~> |${r.pick(['$', 'list', 'o', '*', '**', k()])}|${k()}${r.chance(0.4) ? ', ' + k() : ''}|`, () => `$string(${k()}, true)`,
            () => `(function($p, $q)<${r.pick(['s', 'n', 'b', 'l', 'o', 'a', 'f', 'x', 'j', 'u', 'a<s>', 'a<n>', 'a<a<n>>', 'a<a>', 'a<x>', '(sn)', '(sa)', 's-', 'n?', 'a<s>-', 'f<n:n>', 'x+', 'n+', 'o-'])}${r.pick(['', 's', 'n', 'n?', 's-', 'x?', 'a<n>', 'f?', 'o?'])}${r.pick(['', ':n', ':s', ':x'])}>{[$p, $q]})(${this.list(r.below(4))})`,
            () => `${k()}.${k()}`, () => `${k()}.$string()`, () => `(${k()})@$v.(${name}($v))`, () => `(${k()})#$i.(${name}($i))`, () => `(${k()}).*.%`,
        ])();
    }
}

export function* questions(seed, count) {
    const branches = new Branches(new Random(seed));
    for (let i = 0; i < count; i++)
        yield { expr: branches.expression(), data: DATA };
}
