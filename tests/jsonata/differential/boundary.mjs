// Every function and every operator with arguments from the edges: nothing, null, empty, single,
// nested, huge, -0, what makes NaN, halves of characters, patterns, functions, wrong types; too few
// and too many. What is refused must be refused with the same code, place and message.
import { Random } from './random.mjs';

// name: the kinds its arguments should have (? optional); o object, a array, s string, n number,
// b boolean, f function, x any, r pattern, p a picture of the function's own.
const functions = {
    sum: 'a', count: 'a', max: 'a', min: 'a', average: 'a', string: 'xb?', substring: 'snn?', substringBefore: 'ss', substringAfter: 'ss', lowercase: 's',
    uppercase: 's', length: 's', trim: 's', pad: 'sns?', match: 'srn?', contains: 'sr', replace: 'srsn?', split: 'srn?', join: 'as?', formatNumber: 'npo?',
    formatBase: 'nn?', formatInteger: 'np', parseInteger: 'sp', number: 'x', floor: 'n', ceil: 'n', round: 'nn?', abs: 'n', sqrt: 'n', power: 'nn', boolean: 'x',
    not: 'x', map: 'af', zip: 'aa?a?', filter: 'af', single: 'af?', reduce: 'afx?', sift: 'of', keys: 'o', lookup: 'os', append: 'xx', exists: 'x', spread: 'o',
    merge: 'a', reverse: 'a', each: 'of', error: 's?', assert: 'bs?', type: 'x', sort: 'af?', distinct: 'a', base64encode: 's', base64decode: 's',
    encodeUrlComponent: 's', encodeUrl: 's', decodeUrlComponent: 's', decodeUrl: 's', eval: 'sx?', toMillis: 'sp?', fromMillis: 'np?s?', clone: 'o', now: 'p?s?', millis: '',
};

const values = {
    s: ['""', '"a"', '"abc"', '" a  b "', '"\\ud83d\\ude00x"', '"\\ud83d"', '"\\ude00a"', '"é"', '"ﬀß"', '"İ"', '"12"', '"-0"', '"1e400"', '"0x1F"', '"0b12"', '"a,b,,c"', '"aGk="',
        '"%E4%BD%A0"', '"%zz"', '"a b&c/d?e"', '"\\n\\t"', '"$1"', '"undefined"', '"[object Object]"', '"1.5"', '"Infinity"', '"twelve"', '"XIV"', '"2018-02-30"', '"abcabcabc"'],
    n: ['0', '-0', '1', '-1', '2', '0.5', '-0.5', '1.5', '2.5', '3.7', '-3.7', '10', '36', '37', '1e21', '1e-7', '123456789012', '9007199254740993', '1.7976931348623157e308', '5e-324',
        '0.1', '1e308*10', '(0/0)', '-1/0', '1/3', '255', '1e15', '123456.789', '$sqrt(2)'],
    a: ['[]', '[1]', '[[]]', '[[1]]', '[[[1,2]]]', '[1,2,3]', '["a"]', '["a","b"]', '[null]', '[1,"a"]', '[true,false]', '[{}]', '[{"a":1},{"a":2}]', '[nothing]', '[1,[2,[3]]]', '["b","a","ab",""]',
        '[3,1,2,1]', '[0.1,0.2]', '[1..4]', '[{"a":1,"b":[2]},{"b":3}]', '[$sum]', '[1,1,"1",true,1.0]', 'list', 'list.k', 'one', 'none', 'list[]', '[-0]', '[[1,2],[1,2]]', '[null,null]'],
    o: ['{}', '{"a":1}', '{"a":{"b":null}}', '{"1":1,"0":2}', '{"a":[]}', '{"a":nothing}', '{"f":$sum}', 'list[0]', 'deep', '$', '{"":0}', '{"length":3}', '{"a":1,"b":"x"}'],
    b: ['true', 'false'],
    x: ['null', 'nothing', '$nothing', '$', '$$', '*', '**', 'null', 'nothing'],
    f: ['$sum', '$string', '$uppercase', 'function($v){$v}', 'function(){1}', 'function($v,$i){$i}', 'function($v,$i,$a){$count($a)}', 'function($l,$r){$l>$r}', 'function($p,$c){$p & $c}', 'λ($x){$x.a}',
        'function($v)<n:n>{$v}', '$substring(?,0,1)', '$not', 'function($v){nothing}', 'function($v){null}', '$append', '/a/', '$exists ~> $not', '|$|{"z":1}|', 'function($k,$v){$k=$v}', '$boolean'],
    r: ['/a/', '/[a-c]+/i', '/(a)(x)?/', '/^/', '/$/', '/ */', '/b*/', '/./', '/\\s/', '/\\d+/', '/(?:a)b/', '/(?<n>a)/', '/a|b/m', '"a"', '""', '","', '" "', '"abc"', '/\\ud83d/', '/é/i', '/[^]/', '/(?=b)/', '/\\b/', '/(a)|(b)/'],
    p: {
        formatNumber: ['"0"', '"#"', '""', '"#,##0.00"', '"0.0e0"', '"0%"', '"0‰"', '"a0b"', '"0;(0)"', '"#0.#"', '"000,0"', '"0,00,0"', '"0.0.0"', '"%0%"', '".0"', '"0."', '"#.#"', '"0e0e"', '"e"', '"①①"', '"0#"', '"#.0#0"', '",0"', '"0,"', '"0,,0"', '"0;0;0"', '"x"'],
        formatInteger: ['"0"', '"1"', '"A"', '"a"', '"I"', '"i"', '"w"', '"W"', '"Ww"', '"w;o"', '"0;o"', '"#,##0"', '"#0#"', '"٠"', '"α"', '""', '"x"', '"0000"', '"1,1"', '"##,#0.0"', '"Ww;o"', '"0;a"', '"①"', '"1٠"'],
        parseInteger: ['"0"', '"w"', '"I"', '"a"', '"A"', '"i"', '"#,##0"', '"w;o"', '""', '"x"', '"W"'],
        toMillis: ['"[Y]-[M]-[D]"', '"[Y0001]"', '"[Y]"', '"[D1o] [MNn] [Y]"', '"[q]"', '"["', '""', '"[H]:[m]"', '"[X]-[W]-[F]"', '"[d]"', '"[Y]-[d]"'],
        fromMillis: ['"[Y]-[M01]-[D01]"', '"[Y0001]"', '"[FNn,3-3], [D1o] [MNn] [Y]"', '"[H01]:[m]:[s].[f001] [Z]"', '"[h].[m01] [PN]"', '"[W]/[X] [w]/[x] [d]"', '"[Ya]"', '"[DW]"', '"[Mi]"', '"[q]"', '"["', '"]]"', '"[[a]]"', '""', '"[MN,*-3]"', '"[Y,2-2]"', '"[YN]"', '"[z] [Z0101t]"', '"[Z00000]"', '"[f1]"', '"[D#1]"', '"[C] [E]"', '"[Y9,999,*]"', '"[ Y ]"', '"[F]"', '"[F1]"', '"[M٠١]"'],
        now: ['"[Y]"', '"[H]"', '""'],
    },
    s3: ['"+0100"', '"-0530"', '"0000"', '"Z"', '"+01"', '"x"', '""', '"+9999"', '"+01:00"'],
};
const DATA = [{ list: [{ k: 1 }, { k: 2, a: 'x' }], one: [7], none: [], deep: { a: { b: [{ c: 1 }, { c: [2, 3] }] } }, a: 'abc' }, [1, 2], [], [[1], [2]], 'text', 5, null, undefined, { a: null }, true];

class Boundary {
    constructor(r) { this.r = r; }
    kind(kind, name, place) {
        const r = this.r;
        if (kind === 'p') return r.pick(values.p[name]);
        if (kind === 's' && place === 2 && ['fromMillis'].includes(name) || kind === 's' && name === 'now') return r.pick(values.s3);
        if (kind === 'x') return r.pick(values[r.pick(['s', 'n', 'a', 'o', 'b', 'x', 'f'])]);
        return r.pick(values[kind]);
    }
    argument(kind, name, place) {
        const r = this.r;
        if (r.chance(0.15)) return r.pick(values[r.pick(['s', 'n', 'a', 'o', 'b', 'x', 'f', 'r'])]);
        if (r.chance(0.08)) return this.call();
        return this.kind(kind, name, place);
    }
    call() {
        const r = this.r, name = r.pick(Object.keys(functions)), list = [];
        for (const [, kind, optional] of functions[name].matchAll(/(.)(\??)/g)) {
            if (optional && r.chance(0.4)) break;
            list.push(this.argument(kind, name, list.length));
        }
        if (r.chance(0.06)) list.push(this.argument('x', name, 9));
        if (r.chance(0.06)) list.pop();
        if (r.chance(0.04) && list.length) list[r.below(list.length)] = '?';
        return r.pick([() => `$${name}(${list.join(', ')})`, () => `$${name}(${list.join(', ')})`, () => `$${name}(${list.join(', ')})`,
            () => `${list[0] ?? '$'}.$${name}(${list.slice(1).join(', ')})`, () => `${list[0] ?? '$'} ~> $${name}(${list.slice(1).join(', ')})`,
            () => list.length === 1 ? `${list[0]} ~> $${name}` : `$${name}(${list.join(', ')})`, () => `$map(${this.kind('a')}, $${name})`])();
    }
    operator() {
        const r = this.r, one = () => this.kind('x'), any = () => r.chance(0.2) ? this.call() : one();
        return r.pick([
            () => `${any()} ${r.pick(['+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', '..', 'and', 'or', 'in', '~>', '?:', '??'])} ${any()}`,
            () => `-(${any()})`, () => `(${any()})[${any()}]`, () => `(${any()}) ? ${any()} : ${any()}`, () => `[${any()}, ${any()}]`, () => `{${this.kind('s')}: ${any()}, ${any()}: ${any()}}`,
            () => `(${any()}).${r.pick(['a', '*', '**', '$', '(a)', '[a]', '{"x": a}', '$string()', 'a.b', 'k', '%'])}`, () => `(${any()})^(${r.pick(['$', '>$', 'a', '<a, >k', '$string($)'])})`,
            () => `(${any()}){${r.pick(['$string($)', '"k"', 'a', 'k'])}: ${any()}}`, () => `${any()} ~> |${r.pick(['$', 'a', 'list', '*', '**'])}|${any()}${r.chance(0.4) ? ', ' + any() : ''}|`,
            () => `(${this.kind('f')})(${any()}${r.chance(0.5) ? ', ' + any() : ''})`, () => `(${this.kind('f')} ~> ${this.kind('f')})(${any()})`, () => `(${any()})[]`, () => `($v := ${any()}; ${r.pick(['$v', '[$v]', '$v.a', '$v[0]', '$v & ""'])})`,
            () => `${this.kind('r')}(${any()})${r.pick(['', '.match', '.next()', '.groups', '.start'])}`,
            () => `(${any()})@$x.${r.pick(['$x', 'a', '[$x]'])}`, () => `(${any()})#$i.${r.pick(['$i', '[$i, $]'])}`,
        ])();
    }
}

export function* questions(seed, count) {
    const r = new Random(seed), b = new Boundary(r);
    for (let i = 0; i < count; i++)
        yield { expr: r.chance(0.7) ? b.call() : b.operator(), data: r.chance(0.6) ? DATA[0] : r.pick(DATA) };
}
