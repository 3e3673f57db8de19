// node schema.mjs SCHEMA STEPWELL TESTS DEFINITIONS: judges files by the schema that editors use and
// by the reader. What the reader takes the schema must take; what the reader refuses by its form alone
// (not for a state that does not exist, a file that is missing ...) the schema must refuse.
import { readFileSync, readdirSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';

const [schemaFile, stepwell, tests, definitions] = process.argv.slice(2);
const validate = new Ajv({ strict: false, allErrors: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
// What only the whole can tell: the reader says it, the schema cannot.
const ofTheWhole = /no state|No such file|does not compile|no substitution|has no \$\{|calls nobody|could not answer|never fails|goes with|is in no Map|is for \.sync|that history|the history|answer of get-execution|line \d+, column|another test|not both|is no Map|is no Choice|is true, or left out|no error and no cause|regular expression/;
let disagreements = 0, judged = 0;

function judge(name, text, path) {
  let value;
  try { value = JSON.parse(text); } catch { return; }
  let complaints = [];
  try {
    execFileSync(stepwell, ['test', path, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (e) {
    complaints = JSON.parse(e.stdout.toString()).files[0].complaints.map((c) => c.message);
  }
  const byForm = complaints.filter((m) => !ofTheWhole.test(m));
  const taken = validate(value);
  judged++;
  if (taken !== (byForm.length === 0)) {
    disagreements++;
    console.log(`disagree: ${name}: schema ${taken ? 'takes' : 'refuses'} it: ${JSON.stringify(validate.errors?.[0] ?? null)}; reader: ${complaints.join('; ') || 'takes it'}`);
  }
}
for (const folder of [join(tests, 'cases'), join(tests, 'wrong'), join(definitions, 'incremental-export')])
  for (const file of readdirSync(folder))
    if (file.endsWith('.test.json')) judge(file, readFileSync(join(folder, file), 'utf8'), join(folder, file));

// Each member of a right file bent in turn: another kind of value, a name that is none.
const place = mkdtempSync(join(tmpdir(), 'schema-'));
const right = JSON.parse(readFileSync(join(tests, 'cases', 'features.test.json'), 'utf8'));
const bent = [null, 0, -1, 'x', '', [], {}, true, { $any: true }, { $nope: 1 }, '1 h', [[]], 1.5];
function* places(v, path = []) {
  if (v === null || typeof v !== 'object' || path[0] === 'definition') return;
  for (const k of Object.keys(v)) { yield [...path, k]; yield* places(v[k], [...path, k]); }
}
const all = [...places(right)].filter((p) => p[0] !== 'definition');
for (let i = 0; i < all.length; i++) {
  const copy = structuredClone(right), path = all[i];
  let at = copy;
  for (const k of path.slice(0, -1)) at = at[k];
  if (i % 5 === 4 && !Array.isArray(at)) { at[path.at(-1) + 'x'] = at[path.at(-1)]; delete at[path.at(-1)]; }
  else at[path.at(-1)] = bent[i % bent.length];
  const file = join(place, 'bent.test.json'), text = JSON.stringify(copy);
  writeFileSync(file, text);
  judge(`${path.join('/')} = ${JSON.stringify(bent[i % bent.length])}${i % 5 === 4 ? ' (renamed)' : ''}`, text, file);
}
rmSync(place, { recursive: true });
console.log(`${judged} files judged, ${disagreements} disagreements`);
process.exit(disagreements ? 1 : 0);
