// Whole histories, logs and ends as AWS recorded them, played through the API of `serve`: activities,
// callbacks, express executions, logs (../shared/conformance/histories). SQS, Lambda and CloudWatch
// Logs are peer.mjs; what the machines ask of Step Functions they ask of the server itself.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REGION, Server, Tally } from './client.mjs';
import { differs } from './compare.mjs';
import { Peer } from './peer.mjs';

const ROOT = '../shared/conformance/histories';
const GROUPS = { activities: 4, callback: 7, express: 6, logs: 14 }; // how many there are: all must pass
const ROLE = 'arn:aws:iam::123456789012:role/sfn';
const only = process.argv[2] ?? '';
const tally = new Tally('histories');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Case {
  constructor(recording, file) {
    Object.assign(this, { recording, file, expected: recording.expected, machines: [], executions: [] });
  }

  async begin() {
    this.peer = await new Peer().start();
    // Where a duration is shown, only the definition's own waits shall count.
    const time = this.file.startsWith('express') ? 'skip' : 'x20';
    this.server = await new Server([...this.peer.routes, '--time', time]).start();
  }

  async end() {
    const status = await this.server.close();
    await this.peer.close();
    if (status !== 0) throw new Error(`the server ended with ${status}: ${this.server.errors}`);
  }

  async call(operation, parameters) {
    const { status, body } = await this.server.call(operation, parameters);
    if (status !== 200) throw new Error(`${operation}: ${JSON.stringify(body)}`);
    return body;
  }

  async until(what) {
    for (let i = 0; i < 6000; i++) {
      const found = await what();
      if (found) return found;
      await sleep(10);
    }
    throw new Error(`does not come: ${what}`);
  }

  async create(i, more = {}) {
    const { name, definition, type } = this.recording.stateMachines[i];
    this.machines[i] = await this.call('CreateStateMachine', { name, definition, type, roleArn: ROLE, ...more });
    return this.machines[i].stateMachineArn;
  }

  // An input as the recording has it, its queue being the peer's.
  input(i, n = 0) {
    const input = { ...this.recording.stateMachines[i].inputs[n] };
    if (input.QueueUrl) input.QueueUrl = this.peer.queueUrl(input.QueueUrl.split('/').pop());
    return JSON.stringify(input);
  }

  async start(i, n = 0) {
    const { executionArn } = await this.call('StartExecution',
      { stateMachineArn: this.machines[i].stateMachineArn, input: this.input(i, n) });
    return executionArn;
  }

  compare(expected, given, marks = this.marks()) {
    const { ResponseMetadata, ...members } = expected;
    const why = differs(Array.isArray(expected) ? expected : members, given, marks);
    if (why) throw new Error(why);
  }

  marks() {
    return new Map([['<partition>', 'aws'], ['<region>', REGION]]);
  }

  async history(executionArn, expected = this.expected.get_execution_history) {
    await this.until(async () => (await this.call('DescribeExecution', { executionArn })).status !== 'RUNNING');
    this.compare(expected, await this.call('GetExecutionHistory', { executionArn }));
  }

  // The next message of the queue that an input names.
  message(i, n = 0) {
    const queue = this.peer.queues.get(JSON.parse(this.input(i, n)).QueueUrl.split('/').pop());
    return this.until(() => queue.shift()).then((m) => JSON.parse(m.Body));
  }
}

// ---- how each was played ----

async function activity(c) {
  const { definition } = c.recording.stateMachines.at(-1);
  const [activityArn] = /arn:aws:states:[^"]+:activity:[^"]+/.exec(definition);
  const created = await c.call('CreateActivity', { name: activityArn.split(':').pop() });
  if (c.expected.create_activity_output) c.compare(c.expected.create_activity_output, created);
  if (c.file.includes('on_deleted')) await c.call('DeleteActivity', { activityArn });
  for (let i = 0; i < c.recording.stateMachines.length; i++) await c.create(i);
  for (let i = 0; i + 1 < c.recording.stateMachines.length; i++) await c.start(i); // the worker
  await c.history(await c.start(c.recording.stateMachines.length - 1));
}

// The other machines of the case take the messages and send the tokens.
async function chain(c) {
  const last = c.recording.stateMachines.length - 1;
  for (let i = 0; i <= last; i++) await c.create(i);
  for (let i = 0; i < last; i++) if (c.recording.stateMachines[i].inputs) await c.start(i);
  await c.history(await c.start(last));
}

async function heartbeats(c) {
  await c.create(0);
  const executions = await Promise.all(c.recording.stateMachines[0].inputs.map((_, n) => c.start(0, n)));
  await Promise.all(executions.map(async () => {
    const body = await c.message(0);
    for (let i = 0; i < 3; i++) await c.call('SendTaskHeartbeat', { taskToken: body.TaskToken });
    await c.call('SendTaskSuccess', { taskToken: body.TaskToken, output: JSON.stringify(body) });
  }));
  for (const [n, executionArn] of executions.entries())
    await c.history(executionArn, c.expected[`execution_history_${n}`] ?? c.expected.get_execution_history);
}

const toGroup = (name, level, includeExecutionData) => ({ level, includeExecutionData, destinations:
  [{ cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:${REGION}:123456789012:log-group:${name}:*` } }] });

async function express(c) {
  const { name, sync } = c.recording.stateMachines[0];
  c.peer.createGroup('g');
  const { output } = c.expected.start_execution_sync_response ?? {};
  c.peer.functionError = output?.Cause?.replace('<request-id>', 'r');
  const stateMachineArn = await c.create(0, sync ? {} : { loggingConfiguration: toGroup('g', 'ALL', true) });
  c.compare(c.expected.creation_response, c.machines[0]);
  if (sync) {
    const given = await c.call('StartSyncExecution', { stateMachineArn, input: c.input(0) });
    const { billingDetails: recorded } = c.expected.start_execution_sync_response;
    const { billedDurationInMilliseconds: ms } = given.billingDetails;
    const more = recorded.billedDurationInMilliseconds - ms; // what AWS itself took
    if (ms % 100 === 0 && ms >= 100 && more >= 0 && more < 1000)
      given.billingDetails = recorded;
    c.compare(c.expected.start_execution_sync_response, given);
  } else {
    await c.call('StartExecution', { stateMachineArn, input: c.input(0) });
    const end = await c.until(() => c.peer.logged('g').find((r) => r.type === c.expected.end_event.type));
    c.compare(c.expected.end_event, end);
  }
  if (!name) throw new Error('a machine has a name');
}

async function logs(c) {
  const [update] = c.recording.directCalls ?? [];
  const named = /_(ALL|ERROR|FATAL|OFF)_(True|False)/.exec(c.file);
  const group = '/aws/vendedlogs/states/sfn-test-group';
  if (named) c.peer.createGroup(group);
  const stateMachineArn = await c.create(0, update || !named ? {} : { loggingConfiguration: toGroup(group, named[1], named[2] === 'True') });
  if (!named) await c.call('UpdateStateMachine', { stateMachineArn, loggingConfiguration: toGroup(group, 'ALL', true) });
  if (update) await c.call('UpdateStateMachine', { stateMachineArn,
    loggingConfiguration: toGroup(group, update.loggingConfiguration.level, update.loggingConfiguration.includeExecutionData) });
  const executionArn = await c.start(0);
  await c.history(executionArn);
  const expected = c.expected.logged_execution_events;
  if (expected) {
    await c.until(() => c.peer.logged(group).length >= expected.length);
    c.compare(expected, c.peer.logged(group));
  } else if (named) {
    // Nothing comes: what all levels log of another one, started later, has.
    const { name } = c.machines[0], { definition } = c.recording.stateMachines[0];
    const { stateMachineArn: marks } = await c.call('CreateStateMachine', { name: `${name}-marks`, definition, roleArn: ROLE,
      loggingConfiguration: toGroup('marks', 'ALL', true) });
    c.peer.createGroup('marks');
    const { executionArn: marked } = await c.call('StartExecution', { stateMachineArn: marks, input: c.input(0, 0) });
    await c.until(() => c.peer.logged('marks').some((r) => r.execution_arn === marked));
    if (c.peer.logged(group).length) throw new Error(`nothing is logged, got ${JSON.stringify(c.peer.logged(group))}`);
  }
}

const scripts = [['activities/', activity], ['callback/.*heartbeat_notifications', heartbeats], ['callback/', chain],
  ['express/', express], ['logs/', logs]];

// ---- all of them ----

function filesOf(group, under = '') {
  return readdirSync(join(ROOT, group, under), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((e) => (e.isDirectory() ? filesOf(group, join(under, e.name)) : [join(group, under, e.name)]));
}

// Of StartExecution's answer AWS writes the time with an exponent (1.7E9): its length is not ours.
function read(file) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return JSON.parse(text.includes(':states:startExecution')
    ? text.replace(/("Content-Length": \[?\s*)"\d+"/g, '$1"<content-length>"') : text);
}

async function play(file) {
  const c = new Case(read(file), file);
  const [, script] = scripts.find(([pattern]) => new RegExp(pattern).test(file));
  await c.begin();
  try {
    await script(c);
    await c.end();
    tally.pass();
  } catch (error) {
    c.server.process.kill('SIGKILL');
    await c.peer.close();
    tally.fail(file, `${error.message}\n${c.server.errors}`);
  }
}

if (existsSync(ROOT)) {
  for (const [group, count] of Object.entries(GROUPS)) {
    const files = filesOf(group);
    if (files.length < count) tally.fail(group, `${files.length} recordings, ${count} are known`);
    for (const file of files.filter((f) => f.includes(only))) await play(file);
  }
} else {
  tally.skip('all', `${ROOT} is not there`);
}
tally.close();
