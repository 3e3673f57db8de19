// node peer.mjs FILE INPUT COUNT: runs COUNT executions at once, prints transitions per second.
import { readFileSync } from 'node:fs';
import { StateMachine } from 'aws-local-stepfunctions';

const [file, text, count] = process.argv.slice(2);
const machine = new StateMachine(JSON.parse(readFileSync(file, 'utf8')));
const input = JSON.parse(text);
const transitions = Number(count) * (2 * input.of + 1);
await machine.run({ ...input, of: 10 }).result; // warm
const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(count) }, () => machine.run({ ...input }).result));
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
console.log(transitions / seconds);
