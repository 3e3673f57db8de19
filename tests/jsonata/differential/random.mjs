// Chance from a seed: the same seed gives the same questions.
export class Random {
    constructor(seed) { this.state = (seed * 2654435761 + 1013904223) >>> 0; }
    next() { // mulberry32
        let t = (this.state = (this.state + 0x6d2b79f5) >>> 0);
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }
    below(n) { return Math.floor(this.next() * n); }
    pick(list) { return list[this.below(list.length)]; }
    chance(p) { return this.next() < p; }
}
