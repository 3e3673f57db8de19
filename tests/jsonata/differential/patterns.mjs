// Regular expressions, by JavaScript's grammar and against it, over short texts of few characters:
// $match, $replace, $split, $contains and patterns called as functions.
import { Random } from './random.mjs';

const UNITS = ['a', 'b', 'c', 'A', 'B', '1', '_', ' ', '-', ',', 'é', 'É', 'ß', 'σ', 'ς', 'Σ', 'K', 'k', 'ſ', 's', 'İ', 'ı', 'ǆ', 'ǅ', '😀', '😁', '𐐀', '𐐨', '\u2028', '\n', '\r'];
const FEW = ['a', 'a', 'b', 'b', 'c', 'A', '1', ' '];
const ESCAPES = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\b', '\\B', '\\t', '\\n', '\\x61', '\\u0062', '\\u00e9', '\\ud83d', '\\ude00', '\\ud83d\\ude00', '\\ca', '\\c1', '\\c', '\\0', '\\01', '\\141', '\\8', '\\q', '\\-', '\\.', '\\/', '\\_', '\\k', '\\xg', '\\u1'];
const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{2,}', '{1,2}?', '{0}', '{,2}', '{', '{a}', '{2,1}', '**', '+*'];

class Patterns {
    constructor(r) { this.r = r; this.names = 0; this.groups = 0; }
    unit() { return this.r.chance(0.8) ? this.r.pick(FEW) : this.r.pick(UNITS).replace(/[\n\r\u2028]/, '.'); }
    inClass() {
        const r = this.r;
        if (r.chance(0.25)) return r.pick(ESCAPES);
        if (r.chance(0.25)) return `${this.unit()}-${this.unit()}`;
        return r.chance(0.9) ? this.unit() : r.pick(['^', '-', '[', '.', '$', '\\b']);
    }
    atom(depth) {
        const r = this.r;
        if (depth > 0 && r.chance(0.45)) {
            const kind = r.pick(['', '', '', '', '?:', '?:', '?=', '?!', '?<=', '?<!', 'name']);
            if (kind === 'name') return `(?<n${++this.names}>${this.choice(depth - 1)})`;
            if (kind === '') this.groups++;
            return `(${kind}${this.choice(depth - 1)})`;
        }
        if (r.chance(0.1)) return `[${r.chance(0.3) ? '^' : ''}${Array.from({ length: r.below(4) }, () => this.inClass()).join('')}]`;
        if (r.chance(0.1)) return '.';
        if (r.chance(0.1)) return r.chance(0.2) ? `\\k<n${1 + r.below(2)}>` : `\\${1 + r.below(3)}`;
        if (r.chance(0.1)) return r.pick(ESCAPES);
        if (r.chance(0.06)) return r.pick(['^', '$', '\\b', '\\B']);
        return this.unit();
    }
    term(depth) { return this.atom(depth) + (this.r.chance(0.4) ? this.r.pick(this.r.chance(0.9) ? QUANTIFIERS.slice(0, 12) : QUANTIFIERS) : ''); }
    row(depth) { return Array.from({ length: this.r.below(4) }, () => this.term(depth)).join(''); }
    choice(depth) { return this.r.chance(0.3) ? `${this.row(depth)}|${this.row(depth)}` : this.row(depth); }
    pattern() {
        this.names = 0;
        const text = this.choice(3) || 'a';
        return `/${text.replace(/\//g, '\\/').replace(/\\\\\//g, '\\/')}/${this.r.pick(['', '', '', 'i', 'm', 'im'])}`;
    }
    text() { return Array.from({ length: this.r.below(9) }, () => this.r.chance(0.75) ? this.r.pick(FEW) : this.r.pick(UNITS)).join(''); }
    expression() {
        const r = this.r, s = JSON.stringify(this.text()), p = this.pattern();
        return r.pick([
            () => `$match(${s}, ${p})`, () => `$match(${s}, ${p})`, () => `$match(${s}, ${p}, ${1 + r.below(3)})`, () => `$match(${s}, ${p}, 1)`, () => `$contains(${s}, ${p})`, () => `$split(${s}, ${p})`,
            () => `$replace(${s}, ${p}, ${r.pick(['"x"', '"[$0]"', '"<$1|$2>"', '"$$$1"', 'function($m){$m.match & $m.start & "-" & $m.end}', 'function($m){$string($m.groups)}'])}${r.chance(0.3) ? ', 1' : ''})`,
            () => `${p}(${s}).[match, start, end, $string(groups)]`, () => `${p}(${s}).next().[match, start, end]`, () => `[$match(${s}, ${p}).match, $split(${s}, ${p}, 2)]`,
        ])();
    }
}

export function* questions(seed, count) {
    const patterns = new Patterns(new Random(seed));
    for (let i = 0; i < count; i++)
        yield { expr: patterns.expression(), data: {} };
}
