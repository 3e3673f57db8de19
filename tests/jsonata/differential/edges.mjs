// What the other generators draw from short lists, drawn letter by letter: pictures of numbers,
// integers and times, patterns, texts of all planes, numbers at the edges of their kind, literals as
// they are written; and the families that want a shape of their own: orders of several keys over mixed
// items, groups whose keys meet, positions and parents, transforms, callbacks of any number of
// parameters, signatures, chains.
import { Random } from './random.mjs';

const LETTERS = ['a', 'b', 'Z', '0', '9', ' ', '-', '_', ',', '.', '/', '%', '&', '?', '+', '$', '\t', '\n', '\\', '"', "'", 'é', 'ß', 'İ', 'ı', 'ǅ', 'ﬁ', 'Σ', 'ς', 'я', '中', '\u0301', '\u200d',
    '\u00a0', '\ufeff', '\u2028', '\u0000', '\u007f', '٣', '😀', '𝒳', '👨‍👩‍👧', '🇩🇪', 'ᾳ', 'ŉ', '𐐨', '①'];
const NUMBERS = [0, 1, 2, 3, 5, 7, 9, 10, 11, 12, 13, 19, 20, 21, 40, 99, 100, 101, 110, 999, 1000, 1001, 1e4, 12345, 99999.5, 1e5, 1e6, 1234567, 1e9, 1e12, 1e15, 123456789012345680, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2,
    1e20, 1e21, 1.5e21, 1e22, 1e100, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 1e-5, 1e-6, 1e-7, 1.5e-7, 0.1, 0.25, 0.5, 0.05, 0.005, 0.45, 0.95, 0.995, 1.005, 1.5, 2.5, 3.5, 4.35, 8.345, 1 / 3, 2 / 3, 123.456, 0.1 + 0.2];
const TIMES = [0, 1, 999, 1000, 59999, 86399999, 86400000, 1510067557121, 1521801216617, 951782400000, 1582934400000, 1609459199999, 1609459200000, 1577836800000, 1546300800000, -1, -86400000, -62135596800000, -62167219200000,
    -99999999999999, 253402300799999, 253402300800000, 4102444800000, 1e14, 1e15, 8.64e15, 8.64e15 + 1, 1456704000000, 1514764800000, 1483228800000, 0.5, 1.5e12 + 0.25];
const DATA = [
    { list: [{ n: 3, s: 'c', t: [1, 2], o: { k: 'x' } }, { n: 1, s: 'a', t: [], o: { k: 'y', z: 1 } }, { n: 2, s: 'b', t: 'one', o: {} }, { n: 1, s: 'B', o: { k: 'x' } }, { s: 'a', n: 10 }], v: 5, w: 'text', e: [], z: null, 'a b': { 'c"d': 1, '`': 2 } },
    { order: { id: 'o1', lines: [{ sku: 'A', qty: 2, price: 1.5, tags: ['x', 'y'] }, { sku: 'B', qty: 0, price: 10, tags: [] }, { sku: 'A', qty: 1, price: 1.25, tags: 'x' }], by: { name: 'Ann', at: { city: 'Ulm' } } }, list: [5, 3, 9, 1], v: 2 },
    [{ n: 1, list: [{ n: 'p' }, { n: 'q' }] }, { n: 2, list: { n: 'r' } }, { n: 3 }, { n: 4, list: [] }],
    { list: [1, '1', true, null, [1], { n: 1 }, 'a', 1.0, false, [], {}, ''], n: 1, s: '', v: { list: [[1, 2], [3, [4, 5]]] } },
    { list: [[{ n: 1 }, { n: 2 }], [{ n: 3 }]], v: { v: { v: { n: 1, list: [1] } } }, s: ['b', 'a', 'C'] }, { list: ['x', 'y', 'x'], n: [1, 2, 3], s: 'a,b', v: -0 },
];

class Edges {
    constructor(r) { this.r = r; }
    many(n, what, between = '') { return Array.from({ length: n }, () => what()).join(between); }

    // ---- literals ----
    text(most = 6) { return this.many(this.r.below(most + 1), () => this.r.pick(LETTERS)); }
    quoted(text) {
        const r = this.r, escape = c => {
            if (c < ' ' || c === '\\' || c === '"') return JSON.stringify(c).slice(1, -1);
            return r.chance(0.1) ? Array.from({ length: c.length }, (_, i) => '\\u' + c.charCodeAt(i).toString(16).padStart(4, '0')).join('') : c;
        };
        const inner = Array.from(text).map(escape).join('');
        return r.chance(0.2) && !text.includes("'") ? `'${inner}'` : `"${inner}"`;
    }
    string() { return this.r.chance(0.75) ? this.quoted(this.text()) : this.r.pick(['s', 'w', 'list.s', 'order.id', 'order.by.name', '"a"', '"a,b,c"', '"Hello World"', '$string(n)', 'nothing', '"\\/\\b\\f\\r"', "'it\\'s'", '"\\u00e9\\ud83d\\ude00"']); }
    number() {
        const r = this.r;
        return r.pick([
            () => String(r.pick(NUMBERS)), () => '-' + r.pick(NUMBERS), () => String(r.pick(NUMBERS)), () => (r.next() * 10 ** (r.below(24) - 6)).toString(), () => (r.below(2000000) / 1000).toString(), () => String(r.below(30) - 10),
            () => r.pick(['n', 'v', 'list.n', 'list[0].n', 'order.lines.qty', '$count(list)', '0.10', '1e0', '1E2', '1e-2', '1.50e+3', '00', '01', '1.', '.5', '1e', '1e400', '-(0)', '(1/3)', '(0*-1)', '9007199254740993', '0.1e-6', '123456789.123456789']),
            () => `(${r.pick(NUMBERS)}${r.pick([' + ', ' - ', ' * ', ' / ', ' % '])}${r.pick(NUMBERS)})`,
        ])();
    }
    name() { return this.r.pick(['n', 's', 't', 'o', 'v', 'list', 'order.lines', 'sku', 'qty', 'price', 'tags', 'o.k', '`a b`', '`a b`.`c"d`', '"n"', '`list`', 'nothing', 'order.by.at.city', 'and', 'or', 'in', 'true', 'null', '`true`', 'ünï', '$', '*']); }
    thing() {
        const r = this.r;
        return r.pick([() => this.number(), () => this.string(), () => r.pick(['true', 'false', 'null', 'nothing', '$', '$$', '[]', '{}', '[[]]', '[null]', '""']), () => this.name(), () => this.array(), () => this.object(), () => this.path()])();
    }
    array() {
        const r = this.r;
        return r.pick([() => 'list', () => 'list.n', () => 'list.t', () => 'order.lines', () => 'order.lines.tags', () => `[${this.many(r.below(5), () => this.number(), ', ')}]`, () => `[${this.many(r.below(4), () => this.string(), ', ')}]`,
            () => `[${this.many(r.below(4), () => this.thing(), ', ')}]`, () => this.range(), () => 'list[]', () => '[list]', () => 'v.list', () => `[${this.many(1 + r.below(3), () => this.object(), ', ')}]`])();
    }
    range() { const r = this.r, end = () => r.chance(0.75) ? String(r.below(9) - 3) : this.thing(); return `[${this.many(1 + r.below(2), () => `${end()}..${end()}`, ', ')}]`; }
    object() { const r = this.r; return `{${this.many(r.below(4), () => `${r.chance(0.7) ? r.pick(['"n"', '"s"', '"x"', '"1"', '"10"', '"2"', '"-1"', '"01"', '""', '"4294967295"', '"__x"', '"length"', '"a b"']) : this.string()}: ${r.chance(0.6) ? this.number() : this.thing()}`, ', ')}}`; }

    // ---- pictures ----
    numberPicture() {
        const r = this.r, part = () => this.many(r.below(5), () => r.pick(['#', '#', '0', '0', ',', '#,', '0,'])) + (r.chance(0.6) ? '.' + this.many(r.below(4), () => r.pick(['0', '0', '#', '#', ','])) : '') + (r.chance(0.2) ? 'e' + this.many(r.below(3), () => r.pick(['0', '#', ','])) : '');
        const sub = () => r.pick(['', '', '', '$', '(', 'x ', '-', 'é', '€', '%']) + (r.chance(0.35) ? r.pick(['#,##0.00', '0.0', '000', '#0.##', '0', '#.0', '0.00e00', '#,##0', '#,###.##0', '00,00.00,00', '##00.00##', '1', '0']) : part()) + r.pick(['', '', '', '%', '‰', ')', ' EUR', 'x', 'e', '😀']);
        return sub() + (r.chance(0.2) ? ';' + sub() : '') + (r.chance(0.02) ? ';' + sub() : '');
    }
    numberOptions() {
        const r = this.r;
        return '{' + this.many(1 + r.below(3), () => r.pick(['"decimal-separator": ","', '"grouping-separator": "."', '"decimal-separator": "·"', '"exponent-separator": "E"', '"minus-sign": "~"', '"infinity": "∞"', '"percent": "pct"', '"per-mille": "pm"', '"zero-digit": "٠"', '"zero-digit": "①"',
            '"digit": "X"', '"digit": "9"', '"pattern-separator": "|"', '"grouping-separator": "\'"', '"grouping-separator": " "', '"NaN": "nan"', '"unknown": "x"', '"minus-sign": "−"', '"exponent-separator": "10^"']), ', ') + '}';
    }
    integerPicture() {
        const r = this.r;
        return r.pick(['0', '1', '00', '000', '#0', '##00', '#,##0', '#,##,##0', '##,##,#0', '0,000', '#,#0:00', '#.##0', '# ##0', '0-0', 'a', 'A', 'i', 'I', 'w', 'W', 'Ww', '٠', '#٠', '٠٠٠', '०', '๐', '０', '߀', 'α', 'Α', '①', 'x', 'N', 'n', 'Nn', '#', '##', '0#', ',0', '0,', '0,,0', '-0', '1#', 'é', '', '##,##0,000', '𝟎', '0é0'])
            + r.pick(['', '', '', '', ';o', ';c', ';o(-er)', ';a', ';', ';t', ';x', ';oo', ';o;o']);
    }
    timePicture() {
        const r = this.r, mark = () => {
            const c = r.pick(['Y', 'M', 'D', 'd', 'F', 'W', 'w', 'X', 'x', 'H', 'h', 'P', 'm', 's', 'f', 'Z', 'z', 'C', 'E', 'Y', 'M', 'D', 'H', 'm', 's']);
            const shape = r.pick(['', '', '', '01', '1', '0001', '001', 'N', 'n', 'Nn', 'I', 'i', 'w', 'W', 'Ww', 'a', 'A', '#1', '##01', '01:01', '0101', '00:00', '0', '٠١', '9,999', '1o', 'wo', 'Wwo', '1t', '01:01t', '0t', 'Io', '1c', 'No', '٠', 'x', '-1', '99']);
            const width = r.chance(0.25) ? ',' + r.pick(['2', '2-2', '3-3', '*-3', '1-2', '4', '*', '2-*', '*-*', '0', '3-1', '1', '6', '4-4', 'x', '10']) : '';
            return `[${r.chance(0.05) ? ' ' : ''}${c}${shape}${r.chance(0.03) ? ' ' : ''}${width}]`;
        };
        const between = () => r.pick(['', ' ', '-', '/', ':', 'T', '.', ', ', ' of ', '[[', ']]', 'é', '😀', '\\"']);
        return r.chance(0.15) ? r.pick(['[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]', '[D1o] [MNn] [Y]', '[FNn], the [Dwo] of [MNn] [Yw]', '[h#1]:[m01][Pn]', '[X]-W[W01]-[F1]', '[Y]-[d001]', '[MNn,3-3] [D], [Y]', '[H01][m01][s01]', '[Yi]', '[F0] [F1] [F01]']) : this.many(1 + r.below(4), mark, between());
    }
    zone() { return this.r.pick(['"+0000"', '"+0100"', '"-0800"', '"+0530"', '"-0030"', '"0000"', '"+1400"', '"-1200"', '"100"', '"+1"', '"+01"', '"-01"', '"+2560"', '"z"', '""', '"+01:30"', '" 0200"', 'nothing', '"1e3"']); }
    pattern() {
        const r = this.r, one = depth => r.pick([() => r.pick(['a', 'b', 'o', 'l', ',', ' ', '-', '0', 'é', '中', '/'.replace('/', '\\/'), '\\.', '\\$', '\\\\', '\\t', '\\x41', '\\u00e9', '\\0', '\\cA', '\\-']), () => r.pick(['.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '^', '$', '\\b', '\\B']),
            () => `[${r.chance(0.3) ? '^' : ''}${this.many(1 + r.below(3), () => r.pick(['a', 'b-y', '0-9', '\\d', '\\s', '\\w', ',', '.', '$', '^', 'é', '-', '[', '\\]', '\\b', '&&', ':alpha:', 'A-Z', '\\-', '|', '(']))}]`,
            () => depth > 0 ? `(${r.pick(['', '', '?:', '?:', '?<g>'])}${seq(depth - 1)}${r.chance(0.3) ? '|' + seq(depth - 1) : ''})` : 'a', () => r.pick(['\\1', 'x', '\\2', '(a)\\1', 'ab', 'W'])])() + r.pick(['', '', '', '', '*', '+', '?', '*?', '+?', '{2}', '{1,}', '{0,2}', '??', '{,2}', '{a}', '{']);
        const around = () => r.pick(['(?=a)', '(?!b)', '(?=\\d|$)', '(?<=a)', '(?<!\\d)', '(?<=ab|b)']);
        const seq = depth => this.many(1 + r.below(3), () => r.chance(0.06) ? around() : one(depth));
        return `/${seq(2)}${r.chance(0.2) ? '|' + seq(1) : ''}/${r.pick(['', '', '', 'i', 'm', 'im', 'g', 'mi', 's', 'ii'])}`;
    }
    replacement() { const r = this.r; return r.chance(0.7) ? this.quoted(this.many(r.below(4), () => r.pick(['$', '$$', '$0', '$1', '$2', '$10', '$12', '$00', '$&', 'x', '-', '1', '😀', '$a', '\\', '$01']))) : this.callback(['$m.match', '$uppercase($m.match)', '$string($m.start)', '$m.groups[0]', '$count($m.groups)', '$string($m.groups)', '$m', '1', '"$1"', '$keys($m)~>$join', '$string($m.index)', 'nothing', '$string($type($m.next))'], ['m']); }

    // ---- families ----
    callback(bodies, names = ['v', 'i', 'a']) {
        const r = this.r, body = r.pick(bodies), count = r.chance(0.8) ? Math.max(1, names.filter(n => body.includes('$' + n)).length) : r.below(5);
        return `${r.chance(0.9) ? 'function' : 'λ'}(${[...names, 'p', 'q', 'z1'].slice(0, count).map(n => '$' + n).join(', ')})${r.chance(0.06) ? r.pick(['<n:n>', '<x:x>', '<s-:s>', '<j?:j>', '<xx:x>', '<x?x?:x>', '<a:a>', '<o:x>', '<n-n:n>', '<(sn)-:x>']) : ''}{${body}}`;
    }
    condition(v) { const r = this.r; return r.pick([`$${v}.n > 1`, `$${v} > 2`, `$${v} = ${this.thing()}`, `$exists($${v}.t)`, `$type($${v}) = "${r.pick(['string', 'number', 'object', 'array', 'null'])}"`, `$${v}`, `$${v} in ${this.array()}`, 'true', 'false', 'nothing', `$not($${v})`, `$${v} != null and $${v}.n`, '0', '1', '"x"', '$i % 2 = 0', '$i', '$count($a) > 3']); }
    higher() {
        const r = this.r, f = () => this.callback([`$v`, '$i', '$v.n', '$a', '[$v]', '[$v, $i]', '{"v": $v, "i": $i}', '$v & "x"', '$i = 0 ? nothing : $v', '[]', 'nothing', 'null', '$string($v)', '$v ~> $type', '[[$v]]', '$v.n + 1', '$count($a) - $i', '$a[$i]', '$v[0]', '($w := $v; $w)', '$', '$.n']);
        const p = () => this.callback([this.condition('v')]);
        return r.pick([
            () => `$map(${this.array()}, ${r.chance(0.8) ? f() : r.pick(['$string', '$sum', '$uppercase', '$type', '$keys', '$not', '$substring(?, 1)', '$append', '$formatBase', '$formatBase(?, 2)', '$round', '$number', '$power', '$lookup(?, "n")', '$exists', '$reverse', '$substringBefore', '$zip', '$string ~> $length', '$boolean', '$spread', '/a/', '$count', '$merge'])})`,
            () => `$filter(${this.array()}, ${r.chance(0.85) ? p() : r.pick(['$boolean', '$not', '$exists', '$type', '/a/'])})`, () => `$single(${this.array()}${r.chance(0.8) ? ', ' + p() : ''})`,
            () => `$reduce(${this.array()}, ${this.callback(['$p + $c', '$p & $c', '$append($p, $c)', '$c', '$p', '[$p, $c]', '$merge([$p, $c])', '$i', '$p > $c ? $p : $c', '$count($a)', '{"p": $p, "c": $c}', '$p.n + $c.n', 'nothing'], ['p', 'c', 'i', 'a'])}${r.chance(0.4) ? ', ' + this.thing() : ''})`,
            () => `$sift(${r.chance(0.7) ? this.object() : r.pick(['$', 'list[0]', 'order', 'list', 'order.by'])}, ${this.callback([this.condition('v'), '$k = "n"', '$k > "m"', '$contains($k, "s")', '$k in ["n", "x"]', '$count($keys($o)) > 1', '$k'], ['v', 'k', 'o'])})`,
            () => `$each(${r.chance(0.7) ? this.object() : r.pick(['$', 'list[0]', 'order', 'list', 'order.by'])}, ${this.callback(['$k', '$v', '$k & "=" & $v', '{$k: $v}', '$o', '$k & $type($v)', '[$k, $v]', 'nothing', '$v.$', '$keys($o)'], ['v', 'k', 'o'])})`,
            () => `$zip(${this.many(1 + r.below(3), () => this.array(), ', ')})`, () => `$sort(${this.array()}${r.chance(0.7) ? ', ' + this.callback(['$l > $r', '$l.n > $r.n', '$l.s > $r.s', '$l < $r', '$length($l) > $length($r)', '$string($l) > $string($r)', 'true', 'false', '$l', 'nothing', '$l.n < $r.n or ($l.n = $r.n and $l.s > $r.s)', '$l - $r', '1'], ['l', 'r']) : ''})`,
            () => `$${r.pick(['distinct', 'reverse', 'merge', 'spread', 'keys', 'sum', 'max', 'min', 'average', 'count', 'string', 'type', 'exists', 'boolean', 'not', 'join', 'clone', 'number', 'length', 'shuffle ~> $count'])}(${r.chance(0.6) ? this.array() : this.thing()})`,
            () => `$append(${this.thing()}, ${this.thing()})`, () => `$lookup(${r.pick([this.object(), this.array(), '$', 'list', 'order'])}, ${r.chance(0.6) ? r.pick(['"n"', '"s"', '"list"', '""', '"0"', '"length"']) : this.string()})`,
            () => `$join(${this.array()}, ${this.string()})`, () => `$string(${this.thing()}, ${r.pick(['true', 'false', '1', 'nothing'])})`, () => `$${r.pick(['count', 'append', 'exists', 'not'])}(${this.many(r.below(4), () => this.thing(), ', ')})`,
        ])();
    }
    path() {
        const r = this.r, behind = () => r.pick([() => '', () => '', () => '', () => '', () => `[${r.pick(['0', '-1', '1', '2', '-2', '5', '0.5', '1.9', '-0.5', '[0, 2]', '[-1..1]', '[2, 0]', 'n=1', 'n>1', 's="a"', 'n', 'true', 'false', '$', '"x"', '$exists(t)', 'n=1 or s="B"', '$count($)>1', 'nothing', 'null', '[true]', '["a"]', '$i>0', '[]', '$$.v', '1e10'])}]`,
            () => '[]', () => this.order(), () => `{${r.pick(['s', '$string(n)', '"k"', 'sku', 'n', 'o.k', '$type($)', '$string($)'])}: ${r.pick(['n', '$', '$count($)', '[$]', '$sum(n)', 's', 'nothing', '{"x": n}', '$.n', 'qty', 'price', '$i', '$sum(price * qty)', '$[0]', 'n[]'])}}`, () => '#$i', () => '@$e', () => `@$e#$i`])();
        const step = () => r.pick([() => this.name(), () => r.pick(['list', 'n', 's', 'list', 'order', 'lines']), () => r.pick(['*', '**', '%', '%.%', '$', '$$', '%.n', '%.list']), () => `(${r.pick(['n; s', 'n + 1', 'n & s', '$', 'list', '', 'n ? s : t', '[n]', '$x := n', '%.v'])})`,
            () => `[${r.pick(['n', 'n, s', '$', '', 'list', '$i', '$e'])}]`, () => `{${r.pick(['"x": n', 's: n', '"i": $i', '"p": %.v', '', '"e": $e.n, "i": $i'])}}`, () => `$${r.pick(['string()', 'type()', 'count()', 'keys()', 'i', 'e', 'e.n', '$.v', 'sum($)', 'spread()', 'not()', 'reverse()', 'substring(0, 1)', 'string(n)'])}`])();
        return this.many(1 + r.below(4), () => step() + this.many(r.below(3), behind), '.');
    }
    order() { const r = this.r; return `^(${this.many(1 + r.below(3), () => r.pick(['', '', '>', '<', '> ']) + r.pick(['n', 's', '$', 'n', 's', 'o.k', 'sku', 'price', 'qty', 't', '$string($)', '-n', '$length(s)', '$type($)', 'nothing', 'n + 1', '$uppercase(s)', '$i', 'true', '1', '$count(t)', 'qty * price']), ', ')})`; }
    transform() {
        const r = this.r;
        return `${r.pick(['$', '$$', 'list', 'order', 'v', this.object(), this.array(), '$clone($)'])} ~> |${r.pick(['$', 'list', 'order', 'order.lines', 'list.o', '**', '*', 'list[n=1]', 'lines', '**.o', 'nothing', 'v', 'list[0]', '$[0]', '**[n]', 'order.lines[qty=0]', 'list.list', '(list; list)', '5', 'list^(n)'])}|${r.pick(['{"n": 0}', '{"n": n + 1, "y": s}', '{"list": [1]}', '{}', 'nothing', '{"o": {"deep": o}}', '$', '{"t": nothing}', '{"x": $$.v}', '{s: n}', '{"p": %.v}', 'null', '[{"n": 1}]', '[]', '"x"', '$merge([$, {"z": 1}])', '{"n": $count($)}', '(n > 1 ? {"big": true})'])}${r.chance(0.5) ? ', ' + r.pick(['"n"', '["n", "s"]', '"nothing"', '[]', 'nothing', 's', '$keys($)', '1', '["n", 1]', '[["n"]]', 'null', '"list"', '"o"', '{"a":1}', 'true']) : ''}|${r.pick(['', '', '.list', '[0]', ' ~> $string', ' ~> |$|{"q": 1}|'])}`;
    }
    formats() {
        const r = this.r, q = t => JSON.stringify(t);
        return r.pick([
            () => `$formatNumber(${this.number()}, ${q(this.numberPicture())}${r.chance(0.25) ? ', ' + this.numberOptions() : ''})`, () => `$formatNumber(${this.number()}, ${q(this.numberPicture())})`, () => `$formatInteger(${this.number()}, ${q(this.integerPicture())})`,
            () => { const p = q(this.integerPicture()); return `$parseInteger(${r.chance(0.7) ? `$formatInteger(${Math.floor(r.next() * 10 ** r.below(9))}, ${r.chance(0.8) ? p : q(this.integerPicture())})` : this.string()}, ${p})`; },
            () => `$fromMillis(${r.pick(TIMES)}, ${q(this.timePicture())}${r.chance(0.35) ? ', ' + this.zone() : ''})`, () => `$fromMillis(${Math.floor((r.next() - 0.3) * 4e12)}, ${q(this.timePicture())}${r.chance(0.35) ? ', ' + this.zone() : ''})`,
            () => { const p = q(this.timePicture()); return `$toMillis(${r.chance(0.8) ? `$fromMillis(${Math.floor(r.next() * 2e12)}, ${r.chance(0.85) ? p : q(this.timePicture())})` : this.string()}, ${p})`; },
            () => `$toMillis(${q(r.pick(['2018', '2018-01', '2018-02-30', '2018-1-1', '2018-01-01T00:00', '2018-01-01T00:00:00', '2018-01-01T00:00:00.1', '2018-01-01T00:00:00.123456Z', '2018-01-01T00:00:00+0100', '2018-01-01T00:00:00-01:00', '2018-01-01 00:00:00Z', '0000-01-01', '-2018-01-01', '+012018-01-01T00:00:00Z', '2018-01-01T24:00:00Z', '2018-01-01T25:00Z', '2018-13-01', '12345', '2018-W01-1', '2018-01-01T00Z', '2018-01-01Z', '2018-01-01T', '20180101', '2018-02-29', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59Z', '2018-01-01T00:00:60Z', 'Jan 1 2018', ' 2018-01-01', '2018-01-01T00:00:00z', '2018-01-01t00:00:00Z']))})`,
            () => `$round(${this.number()}${r.chance(0.8) ? ', ' + (r.below(14) - 6) : ''})`, () => `$formatBase(${this.number()}${r.chance(0.8) ? ', ' + r.below(40) : ''})`, () => `$string(${this.number()})`, () => `$number(${r.chance(0.5) ? this.string() : q(r.pick(['1', '-1', '+1', ' 1', '1 ', '1e3', '1E+3', '.5', '5.', '0x1f', '0X1F', '0xg', '0b101', '0B1', '0b2', '0o17', '0O7', '0o8', '-0x1', '1_0', 'Infinity', 'NaN', '', ' ', '1e999', '-0', '1e-400', '01', '--1', '1,0', '\u0661']))})`,
            () => `$${r.pick(['floor', 'ceil', 'abs', 'sqrt', 'round', 'string', 'boolean', 'not', 'formatBase', 'type'])}(${this.number()})`, () => `$power(${this.number()}, ${this.number()})`, () => `${this.number()} ${r.pick(['+', '-', '*', '/', '%', '<', '>=', '=', '&'])} ${this.number()}`,
            () => `$${r.pick(['sum', 'average', 'max', 'min'])}([${this.many(r.below(5), () => this.number(), ', ')}])`, () => `$${r.pick(['now', 'millis'])}(${r.chance(0.5) ? q(this.timePicture()) + (r.chance(0.5) ? ', ' + this.zone() : '') : ''})`,
        ])();
    }
    texts() {
        const r = this.r, s = () => this.string(), n = () => r.chance(0.8) ? String(r.below(12) - 5) : this.number();
        return r.pick([
            () => `$substring(${s()}, ${n()}${r.chance(0.6) ? ', ' + n() : ''})`, () => `$${r.pick(['length', 'uppercase', 'lowercase', 'trim', 'base64encode', 'encodeUrl', 'encodeUrlComponent', 'string', 'number', 'boolean'])}(${s()})`, () => `$pad(${s()}, ${r.pick([r.below(30) - 15, r.below(30) - 15, 'n', '2.7', '-3.5', '(0/0)', '-0', 'nothing'])}${r.chance(0.6) ? ', ' + s() : ''})`,
            () => `$${r.pick(['decodeUrl', 'decodeUrlComponent'])}(${r.chance(0.5) ? s() : this.quoted(this.many(r.below(4), () => r.pick(['%20', '%41', '%2F', '%C3%A9', '%C3', '%F0%9F%98%80', '%ED%A0%80', '%c3%a9', '%', '%4', '%zz', 'a', '%00', '%F5%80%80%80', '%23', '%3f', '%E2%82', '%C0%80', '+'])))})`,
            () => `$base64decode(${r.chance(0.5) ? `$base64encode(${s()})` : this.quoted(this.many(r.below(9), () => r.pick(['A', 'Q', 'z', '9', '+', '/', '-', '_', '=', ' ', '\n', 'é', '==', 'w', '4', 'O'])))})`,
            () => `$${r.pick(['substringBefore', 'substringAfter', 'contains'])}(${s()}, ${s()})`, () => `$split(${s()}, ${r.chance(0.6) ? this.pattern() : s()}${r.chance(0.4) ? ', ' + n() : ''})`, () => `$join(${r.chance(0.5) ? `$split(${s()}, "")` : this.array()}${r.chance(0.7) ? ', ' + s() : ''})`,
            () => `$match(${s()}, ${this.pattern()}${r.chance(0.3) ? ', ' + n() : ''})`, () => `$replace(${s()}, ${r.chance(0.75) ? this.pattern() : s()}, ${this.replacement()}${r.chance(0.3) ? ', ' + n() : ''})`, () => `$contains(${s()}, ${this.pattern()})`,
            () => `${this.pattern()}(${s()})${r.pick(['', '.match', '.start', '.end', '.groups', '.next().match', '.next()', '.next().next()'])}`, () => `${s()} ${r.pick(['=', '<', '>', '<=', '>=', '!=', '&', 'in'])} ${s()}`, () => `$sort([${this.many(2 + r.below(4), () => s(), ', ')}])`,
            () => `$distinct($split(${s()}, ""))`, () => `$match($uppercase(${s()}), ${this.pattern()}).match`, () => `$eval(${this.quoted(r.chance(0.5) ? this.formats() : this.path())}${r.chance(0.3) ? ', ' + this.thing() : ''})`, () => `$error(${s()})`, () => `$assert(${this.thing()}, ${s()})`,
        ])();
    }
    mixed() {
        const r = this.r, t = () => this.thing();
        return r.pick([
            () => `${t()} ${r.pick(['=', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '&', 'and', 'or', 'in', '..', '?:', '??', '~>'])} ${t()}`, () => `(${t()}) ? ${t()} : ${t()}`, () => `${t()} ?: ${t()} ?: ${t()}`, () => `${t()} ?? ${t()} ?? ${t()}`, () => `${t()} ? ${t()}`, () => `${t()} ? ${t()} : ${t()} ? ${t()} : ${t()}`,
            () => `${t()} ?: ${t()} ?? ${t()} ? ${t()} : ${t()}`, () => `/* ${r.pick(['c', '*', '**', '/ *', '"', ''])} */ ${t()} /* d */ ${r.pick(['+', '&', '='])} /**/ ${t()}`, () => this.range(), () => `$count(${this.range()})`, () => `-${t()}`, () => `--${t()}`, () => `(${t()}; ${t()})`, () => `($x := ${t()}; $y := $x := ${t()}; [$x, $y])`,
            () => `${this.higher()} ~> ${r.pick(['$count', '$string', '$type', '$reverse', '$keys', '$map($string)', '$sum', '$join(",")', 'function($x){$x[0]}', '$filter(function($v){$v})', '($count ~> $string)', '$append(1)', '$count()', '$spread', '$not', 'list', '5', '$nothing', '$exists', '$substring(1, 2)', '$uppercase ~> $length', '$map(?, $string)'])}`,
            () => `(${r.pick(['$substring(?, 1)', '$substring("abc", ?)', '$append(?, ?)', '$pad(?, 5, ?)', '$map(?, $string)', '$reduce(?, function($a, $b){$a & $b})', '$split(?, ",", ?)', '$sum(?)', '$join(?)', 'function($a, $b, $c){[$a, $b, $c]}(?, 2)', 'function($a, $b)<n-n:n>{$a + $b}(?, 1)', 'function($a, $b)<s-s?:s>{$a & $b}', 'function($a)<a<n>:n>{$sum($a)}', 'function($x)<(sn)-:x>{$type($x)}', 'function($x, $y)<x-x?:x>{[$x, $y]}', 'function($a)<j:j>{$a}', '$formatNumber(?, "0.0")', 'function(){[$, $$]}', '$zip(?, [1,2])', '$sort(?, function($l, $r){$l < $r})'])})(${this.many(r.below(3) + (r.chance(0.8) ? 1 : 0), t, ', ')})`,
            () => `(($f := ${r.pick(['$sum', '$uppercase', 'function($x){$x + 1}', '$string ~> $length', '$substring(?, 0, 1)', '/a/', '|$|{"n":1}|', 'function($n){$n > 0 ? $f($n - 1) : "done"}', 'function($n){$n <= 1 ? 1 : $n * $f($n - 1)}'])}; $f(${t()})))`, () => `${t()}{${this.many(1 + r.below(2), () => `${r.pick(['$string($)', 's', '"k"', 'n', '$type($)', this.string()])}: ${t()}`, ', ')}}`,
            () => `(${t()})${this.order()}`, () => `(${t()})[${t()}]`, () => `(${t()}).(${t()})`, () => `${this.object()}.${this.name()}`, () => `[${t()}, ${t()}][${this.number()}]`, () => `{${this.string()}: ${t()}, ${this.string()}: ${t()}}`, () => `\`${r.pick(['a b', 'list', '', '"', "'", 'é', 'a\\nb', '\\u0061'])}\``, () => `$${r.pick(['', '$', 'x', 'nothing', 'sum', 'é', '1'])}.${this.name()}`,
            () => `$merge([${this.many(r.below(4), () => this.object(), ', ')}])`, () => `$keys([${this.many(r.below(4), () => this.object(), ', ')}])`, () => `$spread(${this.many(1, () => `[${this.object()}, ${this.object()}]`)})`, () => `${this.object()} = ${this.object()}`, () => `$type(${t()})`, () => `$exists(${this.path()})`,
        ])();
    }
    question() { const r = this.r; return r.pick([() => this.formats(), () => this.formats(), () => this.formats(), () => this.texts(), () => this.texts(), () => this.higher(), () => this.path(), () => this.path(), () => this.mixed(), () => this.mixed(), () => this.transform()])(); }
}

export function* questions(seed, count) {
    const r = new Random(seed), edges = new Edges(r);
    for (let i = 0; i < count; i++)
        yield { expr: edges.question(), data: r.pick(DATA) };
}
