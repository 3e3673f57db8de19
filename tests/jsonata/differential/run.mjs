// node run.mjs DRIVER COUNT [SEED] [GENERATOR]: questions of a generator (typed, by default) through
// npm's jsonata and through the driver; fails when a difference is left unexplained. Exit status 77
// where there is no npm jsonata.
const SKIPPED = 77;
const [driver, countText, seedText, generator] = process.argv.slice(2);
const count = Number(countText ?? 2000), seed = Number(seedText ?? 1);
const { installed } = await import('./reference.mjs');
if (!installed)
    process.exit(SKIPPED);
const { compare } = await import('./compare.mjs');
process.exit(await compare(driver, generator ?? 'typed', seed, count) ? 0 : 1);
