// Step Functions Local's mock files through the server: what AWS recorded (../shared/conformance/histories,
// group local_mocking) is written into a mock file, and must come back event for event; then the rules of
// the files, wrong files, and that a restart goes on with the right invocation.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REGION, Server, Tally, until } from './client.mjs';
import { differs } from './compare.mjs';

const ROOT = '../shared/conformance/histories/local_mocking';
const ROLE = 'arn:aws:iam::123456789012:role/sfn';
const tally = new Tally('mocks');
const check = (fine, why) => { if (!fine) throw new Error(why); };
const is = (given, expected) =>
  check(JSON.stringify(given) === JSON.stringify(expected), `${JSON.stringify(given)}, not ${JSON.stringify(expected)}`);

async function test(name, body) {
  try {
    await body();
    tally.pass();
  } catch (error) {
    tally.fail(name, error.message);
  }
}

// A server with a mock file, for as long as `body` runs.
async function served(config, body) {
  const server = new Server();
  const file = join(server.folder, 'mocks.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, null, 2));
  server.options = ['--mock-config', file];
  await server.start();
  try {
    await body(server, file);
  } finally {
    const status = await server.close();
    check(status === 0, `the server ended with ${status}: ${server.errors}`);
  }
}

async function machine(server, name, definition, type = 'STANDARD') {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  const made = await server.call('CreateStateMachine', { name, definition: text, roleArn: ROLE, type });
  check(made.status === 200, JSON.stringify(made.body));
  return made.body.stateMachineArn;
}

async function ended(server, executionArn) {
  for (let i = 0; i < 6000; i++) {
    const d = (await server.call('DescribeExecution', { executionArn })).body;
    if (d.status !== 'RUNNING') return d;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${executionArn} does not end`);
}

async function run(server, stateMachineArn, input = '{}') {
  const started = await server.call('StartExecution', { stateMachineArn, input });
  check(started.status === 200, JSON.stringify(started.body));
  const end = await ended(server, started.body.executionArn);
  const { body } = await server.call('GetExecutionHistory', { executionArn: started.body.executionArn });
  return { ...end, events: body.events };
}

// ---- recordings ----

const detailsOf = (event) => Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1] ?? {};

const OUTCOME = /^(Task|LambdaFunction|Activity)(Succeeded|Failed|TimedOut)$/;

function responseOf(event) {
  const { output, error, cause } = detailsOf(event);
  if (event.type.endsWith('Succeeded')) return { Return: typeof output === 'string' ? JSON.parse(output) : output };
  const text = typeof cause === 'string' ? cause : JSON.stringify(cause);
  return { Throw: { Error: error, ...(cause === undefined ? {} : { Cause: text }) } };
}

// Some recordings have the events of branches sorted by type, their ids taken away ("[0]").
const isBlurred = (event) => typeof event.id !== 'number';

// {state: [its responses, in the order of its calls]}
function responsesOf(events) {
  const byId = new Map(events.map((e) => [e.id, e]));
  const found = {};
  const up = (event, fits) => { while (event && !fits(event)) event = byId.get(event.previousEventId); return event; };
  const blurred = events.filter((e) => isBlurred(e) && e.type === 'TaskStateEntered');
  for (const event of events.filter((e) => OUTCOME.test(e.type))) {
    const entered = isBlurred(event) ? blurred.shift() : up(event, (e) => e.stateEnteredEventDetails);
    const scheduled = isBlurred(event) ? 0 : up(event, (e) => e.type.endsWith('Scheduled')).id;
    (found[detailsOf(entered).name] ??= []).push([scheduled, responseOf(event)]);
  }
  for (const state of Object.keys(found))
    found[state] = found[state].sort((a, b) => a[0] - b[0]).map(([, response]) => response);
  return found;
}

// The children of a distributed Map are executions of their own, and not recorded: this one's function
// gives back what it gets.
const CHILDREN = { 'test_map_state_lambda': { ProcessValue: Array(2).fill({ Return: { body: 'string body' } }) } };

// What Submitted shows is not in a mock file; AWS's own answer to the submission was.
const withoutSubmission = (events) => events.map((e) =>
  e.type === 'TaskSubmitted' ? { ...e, taskSubmittedEventDetails: undefined } : e);

// Blurred events: by type and name, without ids, and one of them is missing.
function blur(recorded, all) {
  const types = new Set(recorded.map((e) => e.type));
  const events = recorded.some(isBlurred) ? all.filter((e) => types.has(e.type)) : all;
  const first = recorded.findIndex(isBlurred), count = recorded.filter(isBlurred).length;
  const key = (e) => `${e.type} ${detailsOf(e).name ?? JSON.stringify(read(detailsOf(e).parameters ?? detailsOf(e).output ?? ''))}`;
  const read = (v) => { try { return JSON.parse(v); } catch { return v; } };
  const part = (list) => list.slice(first, first + count).map(({ id, previousEventId, ...e }) => e)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return first < 0 ? [recorded, events] : [recorded, events].map((list) =>
    [...list.slice(0, first), ...part(list), ...list.slice(first + count).map(({ previousEventId, ...e }) => e)]);
}

const clean = (v) => JSON.parse(JSON.stringify(v));

async function playRecording(file) {
  const recording = JSON.parse(readFileSync(file));
  const recorded = Object.values(recording.expected).find((e) => e.events).events;
  const m = recording.stateMachines.at(-1);
  const config = { StateMachines: { [m.name]: { TestCases: { Recorded: {} } } }, MockedResponses: {} };
  const children = Object.entries(CHILDREN).find(([test]) => file.includes(test))?.[1];
  for (const [state, list] of Object.entries({ ...responsesOf(recorded), ...children })) {
    config.StateMachines[m.name].TestCases.Recorded[state] = `of ${state}`;
    config.MockedResponses[`of ${state}`] = Object.fromEntries(list.map((r, i) => [String(i), r]));
  }
  await served(config, async (server) => {
    const arn = await machine(server, m.name, m.definition, m.type);
    const { events } = await run(server, `${arn}#Recorded`, JSON.stringify(m.inputs[0]));
    const [expected, given] = blur(...[recorded, events].map(withoutSubmission)).map(clean);
    const why = differs(expected, given, new Map([['<partition>', 'aws'], ['<region>', REGION]]));
    check(!why, why);
  });
}

if (existsSync(ROOT)) {
  for (const group of readdirSync(ROOT).sort())
    for (const file of readdirSync(join(ROOT, group)).sort())
      await test(file, () => playRecording(join(ROOT, group, file)));
} else {
  tally.skip('recordings', `${ROOT} is not there`);
}

// ---- rules ----

const task = (name, next, more = {}) => ({ Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:123456789012:function:f',
  ...(next ? { Next: next } : { End: true }), ...more });
const RETRY = { Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1 }] };
const RULES = {
  StateMachines: { m: { TestCases: {
    Happy: { A: 'Fine', W: 'Given' }, Busy: { A: 'BusyTwice', W: 'Given' }, Short: { A: 'OnlyOnce' } } },
    x: { TestCases: { Happy: { A: 'Fine' } } } },
  MockedResponses: {
    Fine: { 0: { Return: { n: [1, 2.5, null] } } },
    Given: { 0: { Return: 'done' } },
    BusyTwice: { '0-1': { Throw: { Error: 'Busy', Cause: 'try again' } }, 2: { Return: 'late' } },
    OnlyOnce: { 0: { Throw: { Error: 'Busy' } } },
  },
};
const RULED = { StartAt: 'A', States: {
  A: task('A', 'W', { ...RETRY, ResultPath: '$.a' }),
  W: { Type: 'Task', Resource: 'arn:aws:states:us-east-1:123456789012:activity:worker', ResultPath: '$.w', End: true } } };

await served(RULES, async (server, file) => {
  await server.call('CreateActivity', { name: 'worker' });
  const arn = await machine(server, 'm', RULED);
  const express = await machine(server, 'x', { StartAt: 'A', States: { A: task('A') } }, 'EXPRESS');
  await test('a result and an activity', async () => {
    const e = await run(server, `${arn}#Happy`);
    is([e.status, JSON.parse(e.output), e.stateMachineArn], ['SUCCEEDED', { a: { n: [1, 2.5, null] }, w: 'done' }, arn]);
    is(e.events.filter((v) => v.type.startsWith('Activity')).map((v) => v.type),
      ['ActivityScheduled', 'ActivityStarted', 'ActivitySucceeded']);
  });
  await test('a range, then a result', async () => {
    const e = await run(server, `${arn}#Busy`);
    is([e.status, JSON.parse(e.output).a], ['SUCCEEDED', 'late']);
    is(e.events.filter((v) => v.type === 'LambdaFunctionFailed').map((v) => detailsOf(v).cause), ['try again', 'try again']);
  });
  await test('an invocation without a response', async () => {
    const e = await run(server, `${arn}#Short`);
    is([e.status, e.error], ['FAILED', 'States.Runtime']);
    is(e.cause, "The mocked response 'OnlyOnce' has nothing for invocation 1 of the state 'A'");
  });
  await test('a synchronous start', async () => {
    const { body } = await server.call('StartSyncExecution', { stateMachineArn: `${express}#Happy` });
    is([body.status, body.output], ['SUCCEEDED', '{"n":[1,2.5,null]}']);
  });
  await test('names that are not there', async () => {
    const refusal = async (tail) => (await server.call('StartExecution', { stateMachineArn: arn + tail })).body;
    const r = await refusal('#Hapy');
    is(r.__type, 'ValidationException');
    check(/mocks\.json:\d+:\d+: the state machine 'm' has no test case 'Hapy'; did you mean 'Happy'\?$/.test(r.message), r.message);
    is((await refusal('x#Happy')).__type, 'StateMachineDoesNotExist');
  });
  await test('a file that changes', async () => {
    const changed = structuredClone(RULES);
    changed.MockedResponses.Given[0].Return = 'other';
    writeFileSync(file, JSON.stringify(changed));
    is(JSON.parse((await run(server, `${arn}#Happy`)).output).w, 'other');
    writeFileSync(file, '{\n  "StateMachines": {},\n}');
    const { body } = await server.call('StartExecution', { stateMachineArn: `${arn}#Happy` });
    check(/mocks\.json:3:1: /.test(body.message), body.message);
    changed.StateMachines.m.TestCases.Happy.B = 'Fine';
    writeFileSync(file, JSON.stringify(changed));
    const unknown = (await server.call('StartExecution', { stateMachineArn: `${arn}#Happy` })).body;
    check(unknown.message.includes("the state machine has no state 'B'"), unknown.message);
  });
});

await test('a restart goes on with the next invocation', () => served(RULES, async (server) => {
  await server.call('CreateActivity', { name: 'worker' });
  const arn = await machine(server, 'm', RULED);
  const { body } = await server.call('StartExecution', { stateMachineArn: `${arn}#Busy` });
  await until(async () => (await server.call('GetExecutionHistory', { executionArn: body.executionArn })).body.events
    .some((v) => v.type === 'LambdaFunctionFailed')); // the first retry waits a second
  await server.stop('SIGKILL');
  await server.start();
  const e = await ended(server, body.executionArn);
  is([e.status, JSON.parse(e.output)], ['SUCCEEDED', { a: 'late', w: 'done' }]);
}));

await test('a test case without a file', async () => {
  const server = await new Server().start();
  const arn = await machine(server, 'm', { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
  const { body } = await server.call('StartExecution', { stateMachineArn: `${arn}#Case` });
  check(body.message.includes('--mock-config FILE'), body.message);
  is((await run(server, `${arn}#`)).status, 'SUCCEEDED'); // a bare # chooses nothing
  await server.close();
});

await test('the environment, and run', async () => {
  const server = new Server();
  const file = join(server.folder, 'mocks.json'), definition = join(server.folder, 'x.asl.json');
  writeFileSync(file, JSON.stringify(RULES));
  writeFileSync(definition, JSON.stringify({ StartAt: 'A', States: { A: task('A') } }));
  const stepwell = (args) => spawnSync(process.env.STEPWELL ?? 'build/stepwell',
    ['run', definition, '--quiet', '--db', join(server.folder, 'r.db'), ...args],
    { encoding: 'utf8', env: { ...process.env, SFN_MOCK_CONFIG: file } });
  const fine = stepwell(['--test-case', 'Happy']);
  is([fine.status, JSON.parse(fine.stdout).n[0]], [0, 1]);
  const wrong = stepwell(['--test-case', 'Sad']);
  is(wrong.status, 2);
  check(/mocks\.json:\d+:\d+: the state machine 'x' has no test case 'Sad'/.test(wrong.stderr), wrong.stderr);
});

tally.close();
