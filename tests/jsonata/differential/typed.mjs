// Generated expressions and data: all operators and all functions, mostly of types that fit, from a
// seed. The same seed gives the same expressions.

import { Random } from './random.mjs';

const names = ['a', 'b', 'c', 'd', 'items', 'price', 'name', 'tags', 'qty', 'x'];
const words = ['', 'a', 'b', 'abc', 'Hello World', 'foo bar', 'ünïcödé', '😀 smile', '12', '3.5', 'A-B-C', 'zz'];
const numbers = [0, 1, 2, 3, -1, 10, 0.5, 2.5, 3.14159, -7.25, 100, 1e6, 123456789, 0.1, 1e21, 1e-7];

function data(r, depth = 3) {
    const kind = depth <= 0 ? r.below(5) : r.below(9);
    switch (kind) {
        case 0: return r.pick(numbers);
        case 1: return r.pick(words);
        case 2: return r.chance(0.5);
        case 3: return r.chance(0.3) ? null : r.pick(numbers);
        case 4: return r.pick(words);
        case 5: return Array.from({ length: r.below(4) }, () => data(r, depth - 1));
        case 6: { const n = 1 + r.below(3); return Array.from({ length: n }, () => object(r, depth - 1)); }
        default: return object(r, depth - 1);
    }
}

function object(r, depth) {
    const o = {};
    for (let i = r.below(5); i > 0; i--)
        o[r.pick(names)] = data(r, depth);
    return o;
}

// An expression damaged in one place: what is refused must be refused alike.
const pieces = ['(', ')', '[', ']', '{', '}', '.', ',', ';', ':', '?', '+', '-', '*', '/', '%', '|', '=', '<', '>', '^', '&', '@', '#', '!', '~', '"', "'", '`',
    ' and ', ' or ', ' in ', ':=', '..', '?:', '??', '~>', '$', 'a', '1', ' ', '$x', '[]', '/* c */', '0', 'null', '\\'];
export function damage(r, whole) {
    const text = Array.from(whole); // by characters: no halves
    const at = r.below(text.length + 1), upTo = Math.min(text.length, at + r.below(4));
    return text.slice(0, at).join('') + (r.chance(0.7) ? r.pick(pieces) : '') + text.slice(r.chance(0.5) ? upTo : at).join('');
}

// A document with shapes that expressions can count on.
function document(r) {
    const item = () => ({ name: r.pick(words), price: r.pick(numbers), qty: r.below(5),
        tags: Array.from({ length: r.below(4) }, () => r.pick(words)), x: data(r, 1) });
    return { a: data(r), b: data(r), c: r.pick(numbers), d: r.pick(words), items: Array.from({ length: r.below(5) }, item),
        name: r.pick(words), x: data(r, 2) };
}

const quote = s => JSON.stringify(s);
const regexes = ['/a/', '/[a-c]+/', '/o/i', '/(\\w)(\\w)/', '/\\d+/', '/\\s+/', '/^./', '/b|c/', '/l+/', '/[^a-z]/i', '/(o)|(l)/', '/-/'];
const pictures = ['0', '#,##0.00', '000.0', '#0.###', '0.0e0', '#,##,##0', '0%', '#;(#)', '00.00;[00.00]', '###,###,##0.00', '#.#', '0e00'];
const integerPictures = ['0', '000', '#,##0', 'A', 'a', 'I', 'i', 'w', 'W', 'Ww', '0;o', 'w;o', '#;o', '##0,000', '1,000', '٠'];
const datePictures = ['[Y0001]-[M01]-[D01]', '[H01]:[m01]:[s01].[f001]', '[FNn], [D1o] [MNn] [Y]', '[D#1] [MN,*-3] [Y,2-2]', '[h]:[m] [P]', '[W]/[X]',
    '[w] [x] [d]', '[Y]-[M]-[D]T[H]:[m]:[s][Z]', '[M,2-2]/[D,2]/[Y,4]', '[z] [C] [E]', '[YI]', '[Dwo]', '[FN,3-3]', '[Z0]', '[Z00:00t]', '[[x]]'];
const moments = [0, 1, 1510067557121, 1521801216617, 951782400000, 1e12, -1, 1583020799999, 1609459200000];
const stamps = ['2018-01-01', '2017-11-07T15:12:37.121Z', '2018', '2018-03', 'x', '1970-01-01T00:00:00+01:00', '2020-02-29T23:59:59Z', ''];

class Generator {
    constructor(r) { this.r = r; this.variables = []; }

    expression(depth) {
        const r = this.r;
        return r.pick([this.number, this.string, this.boolean, this.array, this.object, this.path, this.any, this.path])
            .call(this, depth);
    }
    wrong(depth) { return this.any(depth - 1); }
    mostly(kind, depth) { return this.r.chance(0.06) ? this.wrong(depth) : this[kind](depth - 1); }

    any(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick([() => String(r.pick(numbers)), () => quote(r.pick(words)), () => 'null', () => 'true', () => 'false',
                () => '$', () => this.name(), () => 'nothing', () => this.variable()])();
        return r.pick([
            () => `(${this.boolean(depth - 1)} ? ${this.expression(depth - 1)} : ${this.expression(depth - 1)})`,
            () => `(${this.boolean(depth - 1)} ? ${this.expression(depth - 1)})`,
            () => this.block(depth),
            () => `${this.path(depth - 1)} ?: ${this.expression(depth - 1)}`,
            () => `(${this.path(depth - 1)}) ?? ${this.any(depth - 1)}`,
            () => `$lookup(${this.mostly('object', depth)}, ${quote(r.pick(names))})`,
            () => `$reduce(${this.mostly('numbers', depth)}, function($i, $j){${r.pick(['$i + $j', '$i * $j', '$i > $j ? $i : $j', '$string($i) & $j'])}}${r.chance(0.3) ? ', ' + this.number(0) : ''})`,
            () => `$single(${this.mostly('array', depth)}, function($v){${this.predicate('$v', depth)}})`,
            () => `$eval(${quote(r.pick(['1+1', '$', 'a.b', '[1,2,3]', 'price', '1+', '$uppercase("a")']))})`,
            () => `$assert(${this.boolean(depth - 1)}, ${this.string(0)})`,
            () => `$error(${this.string(0)})`,
            () => `${this.expression(depth - 1)} ~> ${this.chained(depth - 1)}`,
            () => `$type(${this.expression(depth - 1)})`,
            () => `$max(${this.mostly('numbers', depth)})`,
            () => this.transform(depth),
            () => `(${r.pick(['$substring(?, 0, 2)', '$append(?, 1)', '$map(?, $uppercase)', 'function($x, $y){$x & $y}(?, "z")', '$join(?, "+")', '$lookup(?, "a")'])})(${this.expression(depth - 1)})`,
            () => `(${r.pick(['$trim ~> $uppercase', '$count ~> $string', '$sort ~> $reverse', 'function($x){$x.a} ~> $type'])})(${this.expression(depth - 1)})`,
            () => `($f := function($n){$n <= 1 ? 1 : $n * $f($n - 1)}; $f(${r.below(8)}))`,
            () => `($add := function($x){function($y){$x + $y}}; $add(${r.below(5)})(${this.number(depth - 1)}))`,
            () => `(${this.path(depth - 1)})[${this.number(0)}]`, () => `/* c */ ${this.expression(depth - 1)} /* d */`,
            () => `${r.pick(regexes)}(${this.string(0)}).${r.pick(['match', 'start', 'end', 'groups', 'next().match'])}`,
            () => `$replace(${this.string(0)}, ${r.pick(regexes)}, function($m){$string($m.${r.pick(['start', 'end', 'groups', 'match'])})})`,
        ])();
    }
    chained(depth) {
        const r = this.r;
        return r.pick(['$string', '$count', '$uppercase', '$sum', '$type', '$boolean', '$not', '$reverse', '$distinct', '$keys', '$string()', '$exists()',
            '$substring(0, 2)', '$join("-")', '$map(function($v){$v})', 'function($x){[$x]}', '$append(1)', '($string ~> $length)', '$lookup(?, "a")',
            '$spread()', '$merge', '$sort', '$pad(5, "-")', '|$|{"z":1}|', '$filter(function($v, $i){$i < 2})']);
    }
    variable() { return this.variables.length && this.r.chance(0.9) ? '$' + this.r.pick(this.variables) : '$unbound'; }
    name() { const r = this.r; return r.chance(0.05) ? '`' + r.pick(names) + '`' : r.pick(names); }
    block(depth) {
        const r = this.r, name = r.pick(['p', 'q', 'r']), kept = this.variables.slice();
        const value = r.chance(0.2) ? this.lambda(depth - 1) : this.expression(depth - 1);
        this.variables.push(name);
        const body = value.startsWith('function') ? `$${name}(${this.expression(depth - 1)})` : this.expression(depth - 1);
        this.variables = kept;
        return `($${name} := ${value}; ${body})`;
    }
    lambda(depth) {
        const r = this.r, kept = this.variables.slice();
        this.variables = [...kept, 'v'];
        const signature = r.chance(0.15) ? r.pick(['<n>', '<s>', '<n-:n>', '<x:x>', '<a>', '<a<n>>', '<j?>', '<(ns)>', '<o-:x>']) : '';
        const text = `function($v)${signature}{${this.expression(depth - 1)}}`;
        this.variables = kept;
        return text;
    }
    transform(depth) {
        const r = this.r;
        return `${r.pick(['$', 'x', 'items[0]', '{"a": [{"b":1},{"b":2}], "c": 3}'])} ~> |${r.pick(['$', 'a', 'items', '**', '*', 'a[b=1]', 'x.a'])}|${r.pick(['{"z": 1}', '{"b": b & "!"}', '{"price": price * 2}', '{}', 'nothing', '5'])}${r.chance(0.4) ? ', ' + r.pick(['"a"', '["a","b"]', '"c"', '1', 'nothing']) : ''}|`;
    }

    number(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick([() => String(r.pick(numbers)), () => String(r.below(10)), () => 'c', () => `$count(items)`])();
        const n = () => this.mostly('number', depth), s = () => this.mostly('string', depth), a = () => this.mostly('numbers', depth);
        return r.pick([
            () => `${n()} + ${n()}`, () => `${n()} - ${n()}`, () => `${n()} * ${n()}`, () => `${n()} / ${n()}`, () => `${n()} % ${n()}`,
            () => `-${this.number(0)}`, () => `-(${n()})`, () => `(${n()})`,
            () => `$sum(${a()})`, () => `$count(${this.array(depth - 1)})`, () => `$max(${a()})`, () => `$min(${a()})`, () => `$average(${a()})`,
            () => `$length(${s()})`, () => `$abs(${n()})`, () => `$floor(${n()})`, () => `$ceil(${n()})`, () => `$round(${n()}${r.chance(0.5) ? ', ' + (r.below(7) - 3) : ''})`,
            () => `$sqrt(${n()})`, () => `$power(${n()}, ${r.below(4)})`, () => `$number(${r.chance(0.5) ? quote(r.pick(['12', '-3.5', '1e3', '0x1F', '0b11', '', 'abc', '0o17', '.5', '1.'])) : this.expression(depth - 1)})`,
            () => `$parseInteger(${quote(r.pick(['12', '1,234', 'XIV', 'xiv', 'twelve', 'ab', 'one hundred and five', '12th', 'twenty-first']))}, ${quote(r.pick(integerPictures))})`,
            () => `$toMillis(${quote(r.pick(stamps))})`, () => `$toMillis($fromMillis(${r.pick(moments)}, "${r.pick(['[Y]-[M01]-[D01]', '[Y0001][M01][D01] [H01][m01]', '[D1o] [MNn] [Y]', '[h]:[m01] [P] [D]/[M]/[Y]'])}"), "${r.pick(['[Y]-[M01]-[D01]', '[Y0001][M01][D01] [H01][m01]', '[D1o] [MNn] [Y]', '[h]:[m01] [P] [D]/[M]/[Y]'])}")`,
            () => `$sum(items.(price * qty))`, () => `items[0].price`, () => `$sum(items.price)`,
        ])();
    }
    string(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick([() => quote(r.pick(words)), () => 'name', () => 'd', () => `'${r.pick(['it', 'q', ''])}'`])();
        const s = () => this.mostly('string', depth), n = () => this.mostly('number', depth), a = () => this.mostly('strings', depth);
        const re = () => r.pick(regexes);
        return r.pick([
            () => `${s()} & ${this.expression(depth - 1)}`, () => `$string(${this.expression(depth - 1)}${r.chance(0.2) ? ', true' : ''})`,
            () => `$substring(${s()}, ${r.below(9) - 4}${r.chance(0.6) ? ', ' + (r.below(6) - 1) : ''})`, () => `$substringBefore(${s()}, ${s()})`, () => `$substringAfter(${s()}, ${s()})`,
            () => `$uppercase(${s()})`, () => `$lowercase(${s()})`, () => `$trim(${s()})`, () => `$pad(${s()}, ${r.below(30) - 15}${r.chance(0.5) ? ', ' + quote(r.pick(['-', '#', 'ab', '', '😀'])) : ''})`,
            () => `$join(${a()}${r.chance(0.6) ? ', ' + quote(r.pick([',', '', ' - '])) : ''})`,
            () => `$replace(${s()}, ${r.chance(0.5) ? re() : s()}, ${r.chance(0.3) ? 'function($m){$uppercase($m.match)}' : quote(r.pick(['X', '$1', '$2$1', '[$0]', '$$', '', '$', '$12']))}${r.chance(0.2) ? ', ' + r.below(3) : ''})`,
            () => `$formatNumber(${n()}, ${quote(r.pick(pictures))})`, () => `$formatBase(${n()}, ${2 + r.below(35)})`, () => `$formatInteger(${n()}, ${quote(r.pick(integerPictures))})`,
            () => `$fromMillis(${r.pick(moments)}${r.chance(0.8) ? ', ' + quote(r.pick(datePictures)) + (r.chance(0.4) ? ', ' + quote(r.pick(['+0100', '-0500', '+0530', '0000', '+1200'])) : '') : ''})`,
            () => `$base64encode(${s()})`, () => `$base64decode(${quote(r.pick(['aGVsbG8=', 'YQ==', '', 'zzz']))})`,
            () => `$encodeUrlComponent(${s()})`, () => `$encodeUrl(${s()})`, () => `$decodeUrlComponent(${quote(r.pick(['a%20b', '%E2%82%AC', 'plain', '%zz']))})`, () => `$decodeUrl(${quote(r.pick(['a%20b%2F', 'x', '%']))})`,
            () => `items[0].name`, () => `$now()`, () => `(${s()})`, () => `$type(${this.expression(depth - 1)})`,
            () => `${this.boolean(depth - 1)} ? ${s()} : ${s()}`,
        ])();
    }
    boolean(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['true', 'false', '$exists(a)', 'c > 1', 'items']);
        const n = () => this.mostly('number', depth), s = () => this.mostly('string', depth), e = () => this.expression(depth - 1);
        return r.pick([
            () => `${n()} ${r.pick(['<', '>', '<=', '>='])} ${n()}`, () => `${s()} ${r.pick(['<', '>', '<=', '>='])} ${s()}`, () => `${e()} ${r.pick(['=', '!='])} ${e()}`,
            () => `${this.boolean(depth - 1)} ${r.pick(['and', 'or'])} ${this.boolean(depth - 1)}`, () => `$not(${e()})`, () => `$boolean(${e()})`, () => `$exists(${e()})`,
            () => `${this.any(0)} in ${this.array(depth - 1)}`, () => `$contains(${s()}, ${r.chance(0.5) ? r.pick(regexes) : s()})`, () => `(${this.boolean(depth - 1)})`,
        ])();
    }
    numbers(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['[1,2,3]', '[]', '[3,1,2]', 'items.price', '[1..4]', 'items.qty', '[0.1, 0.2, 0.7]', '5', 'nothing', '[10,9..12]']);
        return r.pick([
            () => `[${this.number(depth - 1)}, ${this.number(depth - 1)}]`, () => `[${r.below(4)}..${r.below(8)}]`, () => `items.price`, () => `items.(${this.number(0)} + qty)`,
            () => `$map(${this.numbers(depth - 1)}, function($v${r.chance(0.3) ? ', $i' : ''}){${r.pick(['$v * 2', '$v + 1', '-$v', '$v % 2', '$string($v)'])}})`, () => `$filter(${this.numbers(depth - 1)}, function($v){$v > ${r.below(4)}})`,
            () => `$sort(${this.numbers(depth - 1)})`, () => `$append(${this.numbers(depth - 1)}, ${this.numbers(depth - 1)})`, () => `$reverse(${this.numbers(depth - 1)})`, () => `items[price > ${r.below(5)}].price`,
        ])();
    }
    strings(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['["a","b"]', 'items.name', '"one"', 'items.tags', '[]', '["b","a","c"]']);
        return r.pick([
            () => `[${this.string(depth - 1)}, ${this.string(depth - 1)}]`, () => `items.tags`, () => `items.name`, () => `$split(${this.string(depth - 1)}, ${r.chance(0.5) ? r.pick(regexes) : quote(r.pick([' ', '', ',', 'l']))}${r.chance(0.2) ? ', ' + r.below(4) : ''})`,
            () => `$keys(${this.object(depth - 1)})`, () => `$sort(${this.strings(depth - 1)})`, () => `$distinct(${this.strings(depth - 1)})`, () => `$map(${this.strings(depth - 1)}, $uppercase)`,
        ])();
    }
    array(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['[]', '[1,"a",true]', 'items', 'a', 'b', '[1,[2,3]]', '[{"a":1},{"a":2}]', 'nothing', '[null]', '[[]]']);
        const a = () => this.mostly('array', depth), e = () => this.expression(depth - 1);
        return r.pick([
            () => `[${e()}, ${e()}]`, () => `[${e()}]`, () => this.numbers(depth), () => this.strings(depth), () => `$append(${a()}, ${e()})`, () => `$reverse(${a()})`, () => `$distinct(${a()})`,
            () => `$zip(${a()}, ${a()})`, () => `$map(${a()}, ${this.lambda(depth - 1)})`, () => `$filter(${a()}, function($v, $i, $a){${this.predicate('$v', depth)}})`,
            () => `$sort(${a()}, function($l, $r){${r.pick(['$l > $r', '$l.price > $r.price', '$l < $r', '$string($l) > $string($r)'])}})`, () => `$spread(${this.object(depth - 1)})`,
            () => `$each(${this.mostly('object', depth)}, function($v, $k){${r.pick(['$k', '$v', '$k & $string($v)', '{$k: $v}'])}})`, () => `$match(${this.string(depth - 1)}, ${r.pick(regexes)}${r.chance(0.2) ? ', ' + r.below(3) : ''})`,
            () => this.path(depth), () => `${this.path(depth - 1)}[]`, () => `$keys(${e()})`, () => `$spread(${e()})`,
        ])();
    }
    predicate(v, depth) {
        const r = this.r;
        return r.pick([`${v} > 1`, `${v} = "a"`, `$type(${v}) = "number"`, `${v}.price > 2`, `$boolean(${v})`, `$exists(${v}.a)`, `true`, `${v} in [1,2,"a"]`]);
    }
    object(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['{}', '{"a":1}', '{"b":[1,2], "a":"x"}', 'a', 'x', '$', 'items[0]', '{"2":1,"1":2,"b":3}']);
        const e = () => this.expression(depth - 1);
        return r.pick([
            () => `{"a": ${e()}, "b": ${e()}}`, () => `{${this.string(0)}: ${e()}}`, () => `{"k": ${this.path(depth - 1)}}`, () => `$merge([${this.object(depth - 1)}, ${this.object(depth - 1)}])`,
            () => `$sift(${this.mostly('object', depth)}, function($v, $k){${r.pick(['$k = "a"', '$v = 1', '$type($v) = "string"', '$k in ["a","b"]'])}})`, () => `items{${r.pick(['name', '$string(qty)', 'name & "x"'])}: ${r.pick(['price', '$sum(price)', '$count($)', '$', 'tags', '$average(price)'])}}`,
            () => `${this.path(depth - 1)}{"k": ${this.any(0)}}`, () => `$clone(${this.object(depth - 1)})`, () => this.transform(depth), () => `items[0]`,
        ])();
    }
    path(depth) {
        const r = this.r;
        if (depth <= 0)
            return r.pick(['a', 'b', 'items', 'items.price', 'x', '$', 'a.b', 'items.tags', '$.a', '*', '**', 'items[0]', 'nothing.at.all', '$$.items']);
        const first = r.pick([() => this.name(), () => 'items', () => '$', () => `(${this.expression(depth - 1)})`, () => '*', () => '$$', () => this.array(0), () => this.variable(), () => '**'])();
        let text = first;
        for (let i = r.below(3); i > 0; i--)
            text += this.step(depth - 1);
        if (r.chance(0.06))
            text = r.pick([
                () => `items@$i.{"n": $i.name, "p": $i.price}`, () => `items#$n.{"n": $n, "p": price}`, () => `items@$i[$i.qty > 1].$i.name`, () => `items.tags.%`, () => `items.tags.{"t": $, "n": %.name}`,
                () => `items.{"n": name, "all": %.c}`, () => `items#$n[$n > 0].price`, () => `items@$i#$n.[$n, $i.price]`, () => `items^(price)#$n.[$n, price]`, () => `items.tags#$t.[$t, $]`, () => `items[%.c > 0].name`,
                () => `items@$i.items@$j[$j.qty = $i.qty].[$i.name, $j.name]`, () => `items@$i{$i.name: $i.price}`, () => `items#$n{name: $n}`, () => `items.(tags.%.price)`, () => `x.a.%.%.c`,
            ])();
        return text;
    }
    step(depth) {
        const r = this.r;
        return r.pick([
            () => `.${this.name()}`, () => `.${this.name()}`, () => `.${this.name()}`, () => `[${r.below(4) - 2}]`, () => `[${this.predicate('$', depth)}]`, () => `[price > ${r.below(5)}]`, () => `.*`, () => `.**`,
            () => `.(${this.expression(depth)})`, () => `[[0..${r.below(3)}]]`, () => `.[${this.any(0)}, ${this.any(0)}]`, () => `.{"k": ${this.any(depth - 1)}}`, () => `^(${r.pick(['price', '>price', 'name', '<name, >price', 'qty', '$'])})`,
            () => `[]`, () => `.$string()`, () => `.$type($)`, () => `.$`, () => `[${this.expression(depth - 1)}]`, () => `.${r.pick(['$count', '$sum', '$length', '$keys'])}(${this.path(0)})`, () => `."${r.pick(names)}"`,
            () => `.(${this.name()} ? ${this.name()} : ${this.any(0)})`,
        ])();
    }
}

export function* questions(seed, count) {
    const r = new Random(seed);
    for (let i = 0; i < count; i++) {
        const g = new Generator(r);
        const question = { expr: g.expression(1 + r.below(4)), data: r.chance(0.9) ? document(r) : data(r) };
        if (r.chance(0.1)) question.expr = damage(r, question.expr);
        yield question;
    }
}
