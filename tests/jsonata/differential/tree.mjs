// Trees drawn evenly from all kinds of nodes, whether they make sense or not: small values, few names
// (so that they meet), everything nested in everything: paths, predicates, sorts, groups, `@`, `#`,
// `%`, `[]` behind one another on whatever stands before, lambdas with signatures of any letters,
// tail calls, partial applications, chains, transforms, and functions of the library anywhere.
import { Random } from './random.mjs';

const NAMES = ['a', 'b', 'c', 'k'];
const VARIABLES = ['v', 'w', 'i', 'f', 'nothing'];
const LITERALS = ['0', '1', '2', '-1', '0.5', '10', '""', '"a"', '"b"', '"ab"', '"10"', 'true', 'false', 'null', '[]', '{}', '[1,2]', '[3,1,2]', '["b","a"]',
    '[[1],[2]]', '{"a":1}', '{"a":1,"b":[1,2]}', '[{"a":1},{"a":2}]', '/a/', '/[ab]+/i', '(1..3)', '[1..3]'];
const DATA = [{ a: 1, b: 'a', c: [1, 2], k: { a: 2 } }, { a: [{ b: 1, c: 'x' }, { b: 2, c: 'y' }, { b: 1, c: 'z' }], b: { c: { a: [3, 1, 2] }, k: 'v' } }, { a: { b: { c: { k: 1, a: 'p' }, k: 2 }, k: 3 } },
    [{ a: 1, b: [1, 2] }, { a: 2, b: [3] }, { a: 1, b: [] }], [3, 1, 2], [[1, 2], [3]], ['b', 'a', 'c'], { a: [[1], [2, 3]], b: null, c: true, k: '' }, 1, 'ab', null, true, [], {}, undefined,
    [{ a: { b: [{ c: 1 }, { c: 2 }] } }, { a: { b: [{ c: 3 }] } }], { a: [1, 'a', null, true, { a: 1 }, [1]], b: 1.5, c: -0 }];
const BINARY = ['+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', '..', ' and ', ' or ', ' in ', '~>', '?:', '??', ' = ', '&'];
const FUNCTIONS = ['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase', 'uppercase', 'length', 'trim', 'pad', 'match', 'contains',
    'replace', 'split', 'join', 'formatNumber', 'formatBase', 'formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'boolean', 'not', 'map', 'zip', 'filter',
    'single', 'reduce', 'sift', 'keys', 'lookup', 'append', 'exists', 'spread', 'merge', 'reverse', 'each', 'error', 'assert', 'type', 'sort', 'distinct', 'clone', 'eval', 'toMillis', 'fromMillis',
    'base64encode', 'base64decode', 'encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'now', 'millis'];
const LETTERS = ['s', 'n', 'b', 'l', 'o', 'a', 'f', 'j', 'x', 'm', 'a<n>', 'a<s>', 'a<a>', 'a<>', 'a<nn>', 'f<n:n>', '(ns)', '(sao)', 's<n>', '(a<n>)', 'x', 'n', 's'];
const MARKS = ['', '', '', '', '?', '-', '+', '-', '?', '--', '-?', '+-'];

class Tree {
    constructor(r) { this.r = r; }

    small() {
        const r = this.r;
        return r.pick([() => r.pick(LITERALS), () => r.pick(NAMES), () => '$', () => '$$', () => '$' + r.pick(VARIABLES), () => '$' + r.pick(FUNCTIONS), () => '*', () => '**', () => '%',
            () => r.pick(NAMES) + '.' + r.pick(NAMES), () => r.pick(NAMES) + '[]'])();
    }
    node(depth) {
        const r = this.r;
        if (depth <= 0) return this.small();
        const one = () => this.node(depth - 1 - r.below(2)), list = (n, what = one) => Array.from({ length: r.below(n) }, what).join(', ');
        return r.pick([
            () => this.small(), () => `${this.operand(depth)}${r.pick(BINARY)}${this.operand(depth)}`, () => `-${this.operand(depth)}`, () => `[${list(4)}]`,
            () => `{${list(3, () => `${r.chance(0.7) ? r.pick(['"x"', '"y"', '"a"', '$string($)', 'b']) : one()}: ${one()}`)}}`, () => `(${Array.from({ length: r.below(3) + 1 }, one).join('; ')})`,
            () => `($${r.pick(VARIABLES)} := ${one()}; ${one()})`, () => `(${one()} ? ${one()} : ${one()})`, () => `(${one()} ? ${one()})`, () => this.path(depth), () => this.path(depth), () => this.path(depth),
            () => this.call(depth), () => this.call(depth), () => this.lambda(depth), () => `${this.lambda(depth)}(${list(4)})`, () => `|${one()}|${one()}${r.chance(0.4) ? ', ' + one() : ''}|`,
            () => `${this.operand(depth)} ~> ${this.operand(depth)}`, () => `${this.operand(depth)} ~> ${this.call(depth)}`, () => `${this.operand(depth)}(${list(3)})`,
        ])();
    }
    operand(depth) {
        const text = this.node(depth - 1);
        return this.r.chance(0.6) ? `(${text})` : text;
    }
    // What hangs behind a step, in any order and number.
    behind(depth) {
        const r = this.r, one = () => this.node(depth - 2);
        return r.pick([
            () => `[${one()}]`, () => `[${r.pick(['0', '-1', '1', '$', '$i', '$i=1', '%.a', 'a=1', '[0,1]', 'true', '$v'])}]`, () => '[]', () => `^(${r.pick(['', '<', '>'])}${one()})`,
            () => `^(${r.pick(['$', '>$', 'a', '>a', 'b, >a', '$i', '>$i', '%.a', '1', '$string($)'])})`, () => `{${r.pick(['"k"', '$string($)', 'a', 'b', '$string($i)'])}: ${one()}}`,
            () => `{"x": ${one()}, ${r.pick(['"y"', '$string(a)', 'c'])}: ${one()}}`, () => `@$${r.pick(VARIABLES)}`, () => `#$${r.pick(VARIABLES)}`, () => `#$i`, () => '',
        ])();
    }
    path(depth) {
        const r = this.r, steps = [];
        for (let i = 1 + r.below(4); i > 0; i--) {
            let step = r.pick([() => r.pick(NAMES), () => r.pick(NAMES), () => r.pick(['*', '**', '%', '$', '$$', '%.%', '`a`', '"b"']), () => `(${this.node(depth - 2)})`, () => '$' + r.pick(VARIABLES),
                () => `[${this.node(depth - 2)}]`, () => `{"a": ${this.node(depth - 2)}}`, () => this.call(depth - 1)])();
            for (let n = r.below(3); n > 0; n--) step += this.behind(depth);
            steps.push(step);
        }
        return steps.join('.');
    }
    call(depth) {
        const r = this.r, hole = () => r.chance(0.06) ? '?' : this.node(depth - 1 - r.below(2));
        return `$${r.chance(0.9) ? r.pick(FUNCTIONS) : r.pick(VARIABLES)}(${Array.from({ length: r.pick([0, 1, 1, 1, 2, 2, 2, 3]) }, hole).join(', ')})`;
    }
    lambda(depth) {
        const r = this.r, count = r.below(4);
        const signature = r.chance(0.3) ? `<${r.chance(0.05) ? '-' : ''}${Array.from({ length: r.below(4) }, () => r.pick(LETTERS) + r.pick(MARKS)).join('')}${r.pick(['', ':n', ':x'])}>` : '';
        return `${r.pick(['function', 'λ'])}(${VARIABLES.slice(0, count).map(v => '$' + v).join(', ')})${signature}{${this.node(depth - 1)}${r.pick(['', '', '', '[]', '[0]', '{"a": $}'])}}`;
    }
}

export function* questions(seed, count) {
    const r = new Random(seed), tree = new Tree(r);
    for (let i = 0; i < count; i++)
        yield { expr: tree.node(1 + r.below(4)), data: r.pick(DATA), bindings: r.chance(0.1) ? { v: 1, w: [{ a: 1 }, { a: 2 }] } : {} };
}
