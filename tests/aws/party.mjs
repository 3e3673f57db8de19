// What the scripts that bring real parties share: a folder, running a definition with the program
// people get, and counting.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

export const folder = mkdtempSync(`${tmpdir()}/stepwell-party-`);
let passed = 0, failed = 0, runs = 0;

export function judge(what, fine, got) {
    fine ? passed++ : failed++;
    if (!fine) console.log(`FAILED: ${what}${got === undefined ? '' : `: ${JSON.stringify(got)}`}`);
}

// The members of DescribeExecution; `settings`: {args, env, input}.
export function run(definition, settings = {}) {
    const name = `r${runs++}`;
    writeFileSync(`${folder}/${name}.asl.json`, JSON.stringify(definition));
    const args = ['run', `${folder}/${name}.asl.json`, '--db', `${folder}/${name}.db`, '--json', '--quiet',
        '--input', JSON.stringify(settings.input ?? {}), ...(settings.args ?? [])];
    return new Promise(done => {
        let out = '', errors = '';
        const child = spawn(process.env.STEPWELL, args, { env: { PATH: process.env.PATH, HOME: folder,
            AWS_REGION: 'us-east-1', AWS_MAX_ATTEMPTS: '1', ...settings.env } });
        child.stdout.on('data', d => out += d);
        child.stderr.on('data', d => errors += d);
        child.on('exit', () => {
            try { done(JSON.parse(out)); } catch { done({ status: 'NONE', cause: errors }); }
        });
    });
}

export const task = (resource, parameters, more = {}) => ({ Type: 'Task', Resource: `arn:aws:states:::${resource}`, Parameters: parameters, ...more });

export function close(name) {
    rmSync(folder, { recursive: true });
    console.log(`${name}: ${passed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
}
