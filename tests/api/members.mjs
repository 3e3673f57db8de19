// Every member of every operation, held against the service's model over real answers: what comes is in the
// model, of its JSON type, with what is required; every output member comes somewhere, every input member is
// heeded (what it changes is looked at), or a table below says why not. And every input member of another
// type, absent though required, or beyond its bounds is refused.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Server, Tally, until as comes } from './client.mjs';

const tally = new Tally('members');
const MODELS = '../shared/aws-models.tar.xz';
if (!existsSync(MODELS)) {
  tally.skip('all of it', `${MODELS} is not there`);
  tally.close();
  process.exit();
}
const model = JSON.parse(execFileSync('tar', ['-xJOf', MODELS, 'aws-models/stepfunctions.json'], { maxBuffer: 1 << 26 }));
const json = JSON.stringify;
const shape = (name) => model.shapes[name];

// Output members that no answer here has, and why.
const ABSENT = {
  'DescribeStateMachine.label': 'it takes no ARN with a label',
  'TestState.inspectionData.request': 'a test of its own: test_state.mjs', 'TestState.inspectionData.response': 'as above',
};
// Input members that change nothing, and why.
const IGNORED = {
  'TestState.revealSecrets': 'it needs a connection: test_state.mjs', 'TestState.roleArn': 'roles are not assumed; that one is given is checked: errors_table.mjs',
};

// ---- answers against the model ----

const seen = new Set(), heeded = new Set();
const KINDS = { string: 'string', boolean: 'boolean', integer: 'number', long: 'number', float: 'number', double: 'number', timestamp: 'number' };

function judge(v, name, path, problems) {
  const s = shape(name);
  seen.add(path);
  if (s.type === 'structure') {
    if (v === null || typeof v !== 'object' || Array.isArray(v)) return problems.push(`${path} is no object`);
    for (const [k, m] of Object.entries(v))
      if (!s.members[k]) problems.push(`${path}.${k} is not in the model`);
      else if (m !== null || `${path}.${k}` !== 'GetActivityTask.taskToken') judge(m, s.members[k].shape, `${path}.${k}`, problems);
    for (const k of s.required ?? []) if (v[k] === undefined) problems.push(`${path}.${k} is missing`);
  } else if (s.type === 'list') {
    if (!Array.isArray(v)) return problems.push(`${path} is no array`);
    for (const one of v) judge(one, s.member.shape, path, problems);
  } else if (s.type === 'map') {
    for (const one of Object.values(v)) judge(one, s.value.shape, path, problems);
  } else if (typeof v !== KINDS[s.type]) problems.push(`${path} is a ${typeof v}, not a ${s.type}`);
  else if (s.type === 'timestamp' && !(v > 1.6e9 && v < 5e9)) problems.push(`${path} is no time in seconds: ${v}`);
  else if ((s.type === 'integer' || s.type === 'long') && !Number.isInteger(v)) problems.push(`${path} is not whole`);
  else if (s.enum && !s.enum.includes(v)) problems.push(`${path} is '${v}'`);
  return undefined;
}

const server = await new Server().start();
async function raw(operation, body) {
  const answer = await server.raw('POST', '/', { 'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `AWSStepFunctions.${operation}` }, body);
  if (answer.headers['content-type'] !== 'application/x-amz-json-1.0') tally.fail(operation, 'Content-Type');
  if (!answer.headers['x-amzn-requestid']) tally.fail(operation, 'no request id');
  return answer;
}
async function call(operation, input = {}) {
  const { status, body } = await raw(operation, json(input));
  const out = JSON.parse(body), problems = [];
  if (status !== 200) throw new Error(`${operation}(${json(input)}): ${body}`);
  judge(out, model.operations[operation].output.shape, operation, problems);
  for (const [, time] of body.matchAll(/"[a-zA-Z]*(?:Date|timestamp)":([^,}]*)/g)) // seconds, with milliseconds
    if (!/^\d{10}\.\d{3}$/.test(time)) problems.push(`a time is written ${time}`);
  if (problems.length) tally.fail(operation, problems.join('; '));
  else tally.pass();
  return out;
}
// The members (of an operation, separated by blanks) are heeded: `given` is what they make it.
function heeds(operation, members, given, expected) {
  for (const member of members.split(' ')) heeded.add(`${operation}.${member}`);
  if (json(given) === json(expected)) tally.pass();
  else tally.fail(`${operation}: ${members}`, `${json(given)}, not ${json(expected)}`);
}
const until = (executionArn, status = 'SUCCEEDED') => comes(async () => {
  const d = await call('DescribeExecution', { executionArn });
  return d.status === status && d;
}, `${executionArn} becoming ${status}`);

// ---- the operations ----

const ROLE = 'arn:aws:iam::123456789012:role/sfn', SECOND = `${ROLE}2`;
const define = (states, more = {}) => json({ StartAt: Object.keys(states)[0], States: states, ...more });
const PASS = define({ P: { Type: 'Pass', End: true } }), WAIT = define({ W: { Type: 'Wait', Seconds: 40000000, End: true } });
const GROUP = 'arn:aws:logs:us-east-1:123456789012:log-group:g:*';
const logging = { level: 'ALL', includeExecutionData: true, destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: GROUP } }] };
const tracing = { enabled: true }, encryption = { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: 'key', kmsDataKeyReusePeriodSeconds: 60 };
const LOGGING = 'level includeExecutionData destinations destinations.cloudWatchLogsLogGroup destinations.cloudWatchLogsLogGroup.logGroupArn'
  .split(' ').map((m) => `loggingConfiguration.${m}`).join(' ');
const ENCRYPTION = ['type', 'kmsKeyId', 'kmsDataKeyReusePeriodSeconds'].map((m) => `encryptionConfiguration.${m}`).join(' ');
let count = 0;
const machine = async (definition, more = {}) =>
  (await call('CreateStateMachine', { name: `m${++count}`, definition, roleArn: ROLE, ...more })).stateMachineArn;
const start = async (stateMachineArn, more = {}) => (await call('StartExecution', { stateMachineArn, ...more })).executionArn;
// All pages, two (or so many) at a time; the sizes of the pages.
async function pages(operation, member, input, maxResults = 2) {
  const sizes = [];
  let nextToken;
  do {
    const page = await call(operation, { ...input, maxResults, nextToken });
    sizes.push(page[member].length);
    nextToken = page.nextToken;
  } while (nextToken);
  return sizes;
}

async function machines() {
  const tags = [{ key: 'k', value: 'v' }];
  const made = await call('CreateStateMachine', { name: 'whole', definition: PASS, roleArn: ROLE, type: 'EXPRESS', tags, publish: true,
    versionDescription: 'first', loggingConfiguration: { ...logging, more: 1 }, tracingConfiguration: { ...tracing, more: 1 },
    encryptionConfiguration: { ...encryption, more: 1 }, unknown: 1 });
  const { stateMachineArn } = made;
  const d = await call('DescribeStateMachine', { stateMachineArn });
  heeds('CreateStateMachine', 'name definition roleArn type', [d.name, d.definition, d.roleArn, d.type], ['whole', PASS, ROLE, 'EXPRESS']);
  heeds('CreateStateMachine', `loggingConfiguration ${LOGGING}`, d.loggingConfiguration, { ...{ level: 0, includeExecutionData: 0 }, ...logging });
  heeds('CreateStateMachine', 'tracingConfiguration tracingConfiguration.enabled', d.tracingConfiguration, tracing);
  heeds('CreateStateMachine', `encryptionConfiguration ${ENCRYPTION}`, d.encryptionConfiguration, encryption);
  heeds('CreateStateMachine', 'tags tags.key tags.value', (await call('ListTagsForResource', { resourceArn: stateMachineArn })).tags, tags);
  const v = await call('DescribeStateMachine', { stateMachineArn: made.stateMachineVersionArn });
  heeds('CreateStateMachine', 'publish versionDescription', [made.stateMachineVersionArn, v.description], [`${stateMachineArn}:1`, 'first']);
  heeds('DescribeStateMachine', 'stateMachineArn', v.stateMachineArn, made.stateMachineVersionArn);
  const bare = await call('DescribeStateMachine', { stateMachineArn, includedData: 'METADATA_ONLY' });
  heeds('DescribeStateMachine', 'includedData', bare.definition, '{}');

  const arn = await machine(PASS);
  const old = await start(arn);
  await until(old);
  const changed = define({ P: { Type: 'Pass', Assign: { a: 1 }, Next: 'Q' }, Q: { Type: 'Pass', Parameters: { 'b.$': '$a' }, End: true } });
  const u = await call('UpdateStateMachine', { stateMachineArn: arn, definition: changed, roleArn: SECOND, loggingConfiguration: logging,
    tracingConfiguration: tracing, encryptionConfiguration: encryption, publish: true, versionDescription: 'second' });
  const n = await call('DescribeStateMachine', { stateMachineArn: arn });
  heeds('UpdateStateMachine', 'stateMachineArn definition roleArn', [n.definition, n.roleArn, n.revisionId, n.variableReferences],
    [changed, SECOND, u.revisionId, { Q: ['a'] }]);
  heeds('UpdateStateMachine', `loggingConfiguration ${LOGGING}`, n.loggingConfiguration, logging);
  heeds('UpdateStateMachine', 'tracingConfiguration tracingConfiguration.enabled', n.tracingConfiguration, tracing);
  heeds('UpdateStateMachine', `encryptionConfiguration ${ENCRYPTION}`, n.encryptionConfiguration, encryption);
  const nv = await call('DescribeStateMachine', { stateMachineArn: u.stateMachineVersionArn });
  heeds('UpdateStateMachine', 'publish versionDescription', [u.stateMachineVersionArn, nv.description], [`${arn}:1`, 'second']);
  const f = await call('DescribeStateMachineForExecution', { executionArn: old });
  heeds('DescribeStateMachineForExecution', 'executionArn', [f.definition, f.roleArn, f.revisionId, f.loggingConfiguration.level, f.stateMachineArn],
    [PASS, ROLE, undefined, 'OFF', arn]);
  const later = await start(arn);
  await call('UpdateStateMachine', { stateMachineArn: arn, definition: PASS });
  const g = await call('DescribeStateMachineForExecution', { executionArn: later, includedData: 'METADATA_ONLY' });
  heeds('DescribeStateMachineForExecution', 'includedData', [g.definition, g.revisionId, g.loggingConfiguration, g.variableReferences],
    ['{}', u.revisionId, logging, { Q: ['a'] }]);
  heeds('ListStateMachines', 'maxResults nextToken', await pages('ListStateMachines', 'stateMachines', {}, 1), [1, 1]);
  await call('DeleteStateMachine', { stateMachineArn });
  heeds('DeleteStateMachine', 'stateMachineArn', (await call('ListStateMachines')).stateMachines.map((m) => m.stateMachineArn), [arn]);
}

async function versions() {
  const stateMachineArn = await machine(PASS);
  const { revisionId } = await call('UpdateStateMachine', { stateMachineArn, definition: WAIT });
  const one = await call('PublishStateMachineVersion', { stateMachineArn, revisionId, description: 'one' });
  const shown = await call('DescribeStateMachine', { stateMachineArn: one.stateMachineVersionArn });
  heeds('PublishStateMachineVersion', 'stateMachineArn revisionId description', [one.stateMachineVersionArn, shown.revisionId, shown.description],
    [`${stateMachineArn}:1`, revisionId, 'one']);
  const routes = (...weights) => weights.map((weight, i) => ({ stateMachineVersionArn: `${stateMachineArn}:${i + 1}`, weight }));
  for (const definition of [PASS, WAIT]) await call('UpdateStateMachine', { stateMachineArn, definition, publish: true });
  heeds('ListStateMachineVersions', 'stateMachineArn maxResults nextToken', await pages('ListStateMachineVersions', 'stateMachineVersions', { stateMachineArn }), [2, 1]);
  await call('DeleteStateMachineVersion', { stateMachineVersionArn: `${stateMachineArn}:3` });
  heeds('DeleteStateMachineVersion', 'stateMachineVersionArn',
    (await call('ListStateMachineVersions', { stateMachineArn })).stateMachineVersions.map((v) => v.stateMachineVersionArn.slice(-2)), [':2', ':1']);
  const aliases = [];
  for (const name of ['a', 'b', 'c'])
    aliases.push((await call('CreateStateMachineAlias', { name, description: `of ${name}`, routingConfiguration: routes(30, 70) })).stateMachineAliasArn);
  const a = await call('DescribeStateMachineAlias', { stateMachineAliasArn: aliases[0] });
  heeds('CreateStateMachineAlias', 'name description routingConfiguration routingConfiguration.stateMachineVersionArn routingConfiguration.weight',
    [a.name, a.description, a.routingConfiguration], ['a', 'of a', routes(30, 70)]);
  heeds('DescribeStateMachineAlias', 'stateMachineAliasArn', a.stateMachineAliasArn, `${stateMachineArn}:a`);
  await call('UpdateStateMachineAlias', { stateMachineAliasArn: aliases[1], description: 'new', routingConfiguration: routes(100) });
  const b = await call('DescribeStateMachineAlias', { stateMachineAliasArn: aliases[1] });
  heeds('UpdateStateMachineAlias', 'stateMachineAliasArn description routingConfiguration routingConfiguration.stateMachineVersionArn routingConfiguration.weight',
    [b.description, b.routingConfiguration], ['new', routes(100)]);
  heeds('ListStateMachineAliases', 'stateMachineArn maxResults nextToken', await pages('ListStateMachineAliases', 'stateMachineAliases', { stateMachineArn }), [2, 1]);
  const through = await start(aliases[1]);
  const x = await call('DescribeExecution', { executionArn: through });
  heeds('StartExecution', 'stateMachineArn', [x.stateMachineArn, x.stateMachineAliasArn, x.stateMachineVersionArn],
    [stateMachineArn, aliases[1], `${stateMachineArn}:1`]);
  await call('ListExecutions', { stateMachineArn: aliases[1] });
  await call('DeleteStateMachineAlias', { stateMachineAliasArn: aliases[2] });
  heeds('DeleteStateMachineAlias', 'stateMachineAliasArn',
    (await call('ListStateMachineAliases', { stateMachineArn })).stateMachineAliases.map((l) => l.stateMachineAliasArn), aliases.slice(0, 2));
  await call('TagResource', { resourceArn: stateMachineArn, tags: [{ key: 'k', value: '1' }, { key: 'l', value: '2' }] });
  heeds('TagResource', 'resourceArn tags tags.key tags.value', (await call('ListTagsForResource', { resourceArn: stateMachineArn })).tags,
    [{ key: 'k', value: '1' }, { key: 'l', value: '2' }]);
  await call('UntagResource', { resourceArn: stateMachineArn, tagKeys: ['k'] });
  const left = (await call('ListTagsForResource', { resourceArn: stateMachineArn })).tags;
  heeds('UntagResource', 'resourceArn tagKeys', left, [{ key: 'l', value: '2' }]);
  heeds('ListTagsForResource', 'resourceArn', left.length, 1);
}

async function executions() {
  const stateMachineArn = await machine(define({ P: { Type: 'Pass', Next: 'F' }, F: { Type: 'Fail', Error: 'E', Cause: 'C' } }));
  const input = '{"a": 1}', trace = 'Root=1-67891233-abcdef012345678912345678';
  const executionArn = await start(stateMachineArn, { name: 'n', input, traceHeader: trace });
  const d = await until(executionArn, 'FAILED');
  heeds('StartExecution', 'name input traceHeader', [d.name, d.input, d.traceHeader], ['n', input, trace]);
  heeds('DescribeExecution', 'executionArn', [d.executionArn, d.error, d.cause, d.redriveStatus], [executionArn, 'E', 'C', 'REDRIVABLE']);
  const bare = await call('DescribeExecution', { executionArn, includedData: 'METADATA_ONLY' });
  heeds('DescribeExecution', 'includedData', [bare.input, bare.inputDetails], [undefined, { included: false }]);
  const h = await call('GetExecutionHistory', { executionArn });
  heeds('GetExecutionHistory', 'executionArn', h.events.map((e) => e.type),
    ['ExecutionStarted', 'PassStateEntered', 'PassStateExited', 'FailStateEntered', 'ExecutionFailed']);
  heeds('GetExecutionHistory', 'maxResults nextToken', await pages('GetExecutionHistory', 'events', { executionArn }), [2, 2, 1]);
  const back = await call('GetExecutionHistory', { executionArn, reverseOrder: true, includeExecutionData: false });
  heeds('GetExecutionHistory', 'reverseOrder includeExecutionData', [back.events[0].id, back.events[4].executionStartedEventDetails], [5, { roleArn: ROLE }]);
  const once = await call('RedriveExecution', { executionArn, clientToken: 'once' });
  const r = await until(executionArn, 'FAILED');
  heeds('RedriveExecution', 'executionArn clientToken', [r.redriveCount, (await call('RedriveExecution', { executionArn, clientToken: 'once' })).redriveDate],
    [1, once.redriveDate]);
  await call('RedriveExecution', { executionArn });
  for (let i = 0; i < 2; i++) await until(await start(stateMachineArn), 'FAILED');
  const waits = await machine(WAIT);
  const w = await start(waits);
  await call('StopExecution', { executionArn: w, error: 'SE', cause: 'SC' });
  const s = await until(w, 'ABORTED');
  heeds('StopExecution', 'executionArn error cause', [s.error, s.cause], ['SE', 'SC']);
  await until(executionArn, 'FAILED');
  heeds('ListExecutions', 'stateMachineArn maxResults nextToken', await pages('ListExecutions', 'executions', { stateMachineArn }), [2, 1]);
  const some = async (more) => (await call('ListExecutions', { stateMachineArn, ...more })).executions.length;
  heeds('ListExecutions', 'statusFilter', [await some({ statusFilter: 'FAILED' }), await some({ statusFilter: 'ABORTED' })], [3, 0]);
  heeds('ListExecutions', 'redriveFilter', [await some({ redriveFilter: 'REDRIVEN' }), await some({ redriveFilter: 'NOT_REDRIVEN' })], [1, 2]);

  const express = await machine(PASS, { type: 'EXPRESS' }), fails = await machine(define({ F: { Type: 'Fail', Error: 'E', Cause: 'C' } }), { type: 'EXPRESS' });
  const sync = await call('StartSyncExecution', { stateMachineArn: express, name: 's', input, traceHeader: trace });
  heeds('StartSyncExecution', 'stateMachineArn name input traceHeader', [sync.stateMachineArn, sync.name, sync.input, sync.output, sync.traceHeader],
    [express, 's', input, '{"a":1}', trace]);
  const hidden = await call('StartSyncExecution', { stateMachineArn: express, includedData: 'METADATA_ONLY' });
  heeds('StartSyncExecution', 'includedData', [hidden.output, hidden.outputDetails], [undefined, { included: false }]);
  await call('StartSyncExecution', { stateMachineArn: fails });
}

async function activities() {
  const tags = [{ key: 'k', value: 'v' }];
  const { activityArn } = await call('CreateActivity', { name: 'work', tags, encryptionConfiguration: encryption });
  const d = await call('DescribeActivity', { activityArn });
  heeds('CreateActivity', `name encryptionConfiguration ${ENCRYPTION}`, [d.name, d.encryptionConfiguration], ['work', encryption]);
  heeds('DescribeActivity', 'activityArn', d.activityArn, activityArn);
  heeds('CreateActivity', 'tags tags.key tags.value', (await call('ListTagsForResource', { resourceArn: activityArn })).tags, tags);
  const m = await machine(define({ A: { Type: 'Task', Resource: activityArn, HeartbeatSeconds: 600, End: true } }));
  const take = async (input) => {
    const executionArn = await start(m, { input });
    return { executionArn, task: await call('GetActivityTask', { activityArn, workerName: 'me' }) };
  };
  const one = await take('{"n":1}');
  const { events } = await call('GetExecutionHistory', { executionArn: one.executionArn });
  heeds('GetActivityTask', 'activityArn workerName', [one.task.input, events.at(-1).activityStartedEventDetails], ['{"n":1}', { workerName: 'me' }]);
  heeds('SendTaskHeartbeat', 'taskToken', await call('SendTaskHeartbeat', { taskToken: one.task.taskToken }), {});
  await call('SendTaskSuccess', { taskToken: one.task.taskToken, output: '[1]' });
  heeds('SendTaskSuccess', 'taskToken output', (await until(one.executionArn)).output, '[1]');
  const two = await take('{}');
  await call('SendTaskFailure', { taskToken: two.task.taskToken, error: 'E', cause: 'C' });
  const f = await until(two.executionArn, 'FAILED');
  heeds('SendTaskFailure', 'taskToken error cause', [f.error, f.cause], ['E', 'C']);
  for (const name of ['x', 'y']) await call('CreateActivity', { name });
  heeds('ListActivities', 'maxResults nextToken', await pages('ListActivities', 'activities', {}), [2, 1]);
  await call('DeleteActivity', { activityArn });
  heeds('DeleteActivity', 'activityArn', (await call('ListActivities')).activities.map((a) => a.name), ['x', 'y']);
}

async function mapRuns() {
  const { activityArn } = await call('CreateActivity', { name: 'of-a-map' });
  const m = await machine(define({ M: { Type: 'Map', Label: 'l', MaxConcurrency: 1, End: true, ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'I', States: { I: { Type: 'Task', Resource: activityArn, End: true } } } } }));
  const executionArn = await start(m, { input: '[1,2]' });
  const first = await call('GetActivityTask', { activityArn });
  const [{ mapRunArn }] = (await call('ListMapRuns', { executionArn })).mapRuns;
  await call('UpdateMapRun', { mapRunArn, maxConcurrency: 2, toleratedFailureCount: 1, toleratedFailurePercentage: 50.5 });
  const d = await call('DescribeMapRun', { mapRunArn });
  heeds('UpdateMapRun', 'mapRunArn maxConcurrency toleratedFailureCount toleratedFailurePercentage',
    [d.maxConcurrency, d.toleratedFailureCount, d.toleratedFailurePercentage], [2, 1, 50.5]);
  heeds('DescribeMapRun', 'mapRunArn', [d.mapRunArn, d.executionArn, d.executionCounts.running], [mapRunArn, executionArn, 2]);
  const second = await call('GetActivityTask', { activityArn });
  for (const { taskToken } of [first, second]) await call('SendTaskSuccess', { taskToken, output: '1' });
  await until(executionArn);
  await call('DescribeMapRun', { mapRunArn });
  const { executions: children } = await call('ListExecutions', { mapRunArn });
  const child = await call('DescribeExecution', { executionArn: children[0].executionArn });
  heeds('ListExecutions', 'mapRunArn', [children.length, child.mapRunArn, child.input], [2, mapRunArn, '2']);
  await call('GetExecutionHistory', { executionArn: children[0].executionArn });
  const its = await call('DescribeStateMachineForExecution', { executionArn: children[0].executionArn });
  heeds('DescribeStateMachineForExecution', 'executionArn', [its.label, its.stateMachineArn], ['l', `${m}/l`]);
  const again = await start(m, { input: '[1]' });
  await call('StopExecution', { executionArn: again });
  await call('RedriveExecution', { executionArn: again });
  const [{ mapRunArn: redriven }] = (await call('ListMapRuns', { executionArn: again })).mapRuns;
  heeds('RedriveExecution', 'executionArn', [(await call('DescribeMapRun', { mapRunArn: redriven })).redriveCount], [1]);
  const twice = define({ M: { Type: 'Map', Next: 'N', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, StartAt: 'I',
    States: { I: { Type: 'Pass', End: true } } } }, N: { Type: 'Map', End: true, ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'J', States: { J: { Type: 'Pass', End: true } } } } });
  const both = await start(await machine(twice), { input: '[1]' });
  await until(both);
  heeds('ListMapRuns', 'executionArn maxResults nextToken', await pages('ListMapRuns', 'mapRuns', { executionArn: both }, 1), [1, 1]);
}

async function definitions() {
  const check = (definition, more) => call('ValidateStateMachineDefinition', { definition, ...more });
  heeds('ValidateStateMachineDefinition', 'definition', [(await check(PASS)).result, (await check('{}')).result], ['OK', 'FAIL']);
  const two = define({ A: { Type: 'Pass', Next: 'X' }, B: { Type: 'Pass', Next: 'Y' } });
  const cut = await check(two, { maxResults: 1 });
  heeds('ValidateStateMachineDefinition', 'maxResults', [cut.diagnostics.length, cut.truncated], [1, true]);
  const callback = define({ T: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', Parameters: { QueueUrl: 'u', MessageBody: 'b' }, End: true } });
  heeds('ValidateStateMachineDefinition', 'type', [(await check(callback, { type: 'STANDARD' })).result, (await check(callback, { type: 'EXPRESS' })).result], ['OK', 'FAIL']);
  const warned = define({ P: { Type: 'Pass', Result: { 'a.$': '$.b' }, End: true } });
  heeds('ValidateStateMachineDefinition', 'severity', [(await check(warned)).diagnostics.length > 0, (await check(warned, { severity: 'WARNING' })).diagnostics.length > 0],
    [false, true]);
  const state = (s, more) => call('TestState', { definition: json(s), ...more });
  const asks = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f', Payload: { 'x.$': '$.a', 'v.$': '$v', 'e.$': '$$.Execution.Name' } }, Next: 'N' };
  const p = await state(asks, { input: '{"a":1}', variables: '{"v":2}', context: '{"Execution":{"Name":"me"}}', mock: { result: '{}' }, inspectionLevel: 'DEBUG' });
  heeds('TestState', 'definition input variables context inspectionLevel', [p.inspectionData.afterParameters, p.nextState, p.inspectionData.input],
    ['{"FunctionName":"f","Payload":{"x":1,"v":2,"e":"me"}}', 'N', '{"a":1}']);
  heeds('TestState', 'stateName', (await call('TestState', { definition: define({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Result: 7, End: true } }), stateName: 'B' })).output, '7');
  const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: 'f' }, ResultSelector: { 'p.$': '$.Payload' }, End: true,
    Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 3 }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }] };
  const fine = await state(task, { mock: { result: '{"Payload":"x","StatusCode":"no number"}', fieldValidationMode: 'NONE' }, inspectionLevel: 'DEBUG' });
  heeds('TestState', 'mock mock.result mock.fieldValidationMode', fine.output, '{"p":"x"}');
  const busy = await state(task, { mock: { errorOutput: { error: 'Busy', cause: 'full' } }, stateConfiguration: { retrierRetryCount: 1 }, inspectionLevel: 'DEBUG' });
  heeds('TestState', 'mock.errorOutput mock.errorOutput.error mock.errorOutput.cause stateConfiguration stateConfiguration.retrierRetryCount',
    [busy.status, busy.error, busy.cause, busy.inspectionData.errorDetails], ['RETRIABLE', 'Busy', 'full', { retryIndex: 0, retryBackoffIntervalSeconds: 2 }]);
  await state(task, { mock: { errorOutput: { error: 'Other' } }, inspectionLevel: 'DEBUG' });
  const map = { Type: 'Map', MaxConcurrency: 3, ToleratedFailureCount: 1, ToleratedFailurePercentage: 60, ItemsPath: '$.items', ItemSelector: { 'i.$': '$$.Map.Item.Value' },
    ItemBatcher: { MaxItemsPerBatch: 2 }, ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }, End: true };
  const many = { input: '{"items":[1,2,3]}', mock: { result: '[1,2]' }, inspectionLevel: 'DEBUG' };
  await state(map, many);
  const failures = await state({ ...map, ToleratedFailurePercentage: undefined }, { ...many, stateConfiguration: { mapIterationFailureCount: 2 } });
  heeds('TestState', 'stateConfiguration.mapIterationFailureCount', [failures.status, failures.error], ['FAILED', 'States.ExceedToleratedFailureThreshold']);
  const reads = { Type: 'Map', ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType: 'JSON', ItemsPointer: '/in' }, Parameters: { Bucket: 'b', Key: 'k' } },
    ItemProcessor: map.ItemProcessor, End: true };
  const read = await state(reads, { mock: { result: '["r"]' }, stateConfiguration: { mapItemReaderData: '{"in":[1]}' }, inspectionLevel: 'DEBUG' });
  heeds('TestState', 'stateConfiguration.mapItemReaderData', [read.status, read.output, read.inspectionData.afterItemsPointer], ['SUCCEEDED', '["r"]', '[1]']);
  const par = { Type: 'Parallel', QueryLanguage: 'JSONata', Branches: [PASS, PASS.replaceAll('P"', 'Q"')].map((b) => JSON.parse(b)), Arguments: { a: 1 },
    Retry: [{ ErrorEquals: ['Twice'], MaxAttempts: 1 }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], End: true };
  const caused = await state(par, { mock: { errorOutput: { error: 'E', cause: 'C' } }, stateConfiguration: { errorCausedByState: 'P' }, inspectionLevel: 'DEBUG' });
  heeds('TestState', 'stateConfiguration.errorCausedByState', [caused.status, caused.nextState], ['CAUGHT_ERROR', 'C']);
  await state({ Type: 'Pass', Assign: { v: 1 }, Next: 'N' }, { inspectionLevel: 'DEBUG' });
  await state({ Type: 'Task', QueryLanguage: 'JSONata', Resource: task.Resource, Arguments: { FunctionName: 'f' }, End: true },
    { mock: { result: '{"StatusCode":200}' }, inspectionLevel: 'DEBUG' });
}

for (const family of [machines, versions, executions, activities, mapRuns, definitions]) {
  try {
    await family();
  } catch (error) {
    tally.fail(family.name, error.stack);
  }
}

// ---- what the model has, and nobody saw ----

function* membersOf(name, path, around = []) {
  const s = shape(name);
  if (s.type === 'list') yield* membersOf(s.member.shape, path, around);
  if (s.type !== 'structure' || name === 'HistoryEvent' || around.includes(name)) return; // events: test_recordings.sh
  for (const [member, m] of Object.entries(s.members)) {
    yield `${path}.${member}`;
    yield* membersOf(m.shape, `${path}.${member}`, [...around, name]);
  }
}
const under = (path, table) => Object.keys(table).find((k) => path === k || path.startsWith(`${k}.`));
let outputs = 0, inputs = 0;
for (const [operation, o] of Object.entries(model.operations)) {
  for (const [path, found, table, word] of [...membersOf(o.output.shape, operation)].map((p) => [p, seen.has(p), ABSENT, 'came'])
    .concat([...membersOf(o.input.shape, operation)].map((p) => [p, heeded.has(p), IGNORED, 'was heeded']))) {
    if (table === ABSENT) outputs++;
    else inputs++;
    if (found === !under(path, table)) tally.pass();
    else tally.fail(path, found ? `it ${word}, though the table says that it does not` : `it never ${word}, and no table says why`);
  }
}

// ---- what the model does not allow ----

const WRONG = { string: 1, boolean: 'x', integer: 'x', long: 'x', float: 'x', timestamp: 'x', structure: 'x', list: 'x' };
async function refused(operation, input, type, message) {
  const { status, body } = await raw(operation, typeof input === 'string' ? input : json(input));
  const error = JSON.parse(body);
  if (status === 400 && error.__type === type && message.test(error.message)) tally.pass();
  else tally.fail(operation, `${json(input).slice(0, 200)}: ${status} ${body.slice(0, 300)}, not ${type} ${message}`);
}
// One that is as the model wants it, as far as the model says.
function filled(s) {
  const one = (name) => {
    const v = shape(name);
    if (v.type === 'structure') return filled(v);
    if (v.type === 'list') return Array.from({ length: v.min ?? 0 }, () => one(v.member.shape));
    if (v.type === 'string') return v.enum ? v.enum[0] : 'a'.repeat(v.min ?? 1);
    return v.type === 'boolean' ? true : Number(v.min ?? 0);
  };
  return Object.fromEntries((s.required ?? []).map((k) => [k, one(s.members[k].shape)]));
}
for (const [operation, o] of Object.entries(model.operations)) {
  const s = shape(o.input.shape);
  await refused(operation, '{', 'SerializationException', /no JSON/);
  await refused(operation, '[]', 'SerializationException', /object/);
  for (const [member, { shape: name }] of Object.entries(s.members)) {
    const v = shape(name), base = filled(s);
    const beyond = (value, words) => refused(operation, { ...base, [member]: value }, 'ValidationException',
      new RegExp(`^1 validation error detected: Value( '[^]*')? at '${member}' failed to satisfy constraint: Member must ${words}`));
    await refused(operation, { ...base, [member]: WRONG[v.type] }, 'SerializationException', /./);
    if (s.required?.includes(member))
      await refused(operation, { ...base, [member]: undefined }, 'ValidationException',
        new RegExp(`^1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null$`));
    if (v.type === 'string' && v.max && v.max <= 32768 && !v.pattern) await beyond('x'.repeat(v.max + 1), `have length less than or equal to ${v.max}`);
    if (v.type === 'string' && v.min > 0 && !v.pattern && !v.enum) await beyond('', `have length greater than or equal to ${v.min}`);
    if (v.enum) await beyond('nothing like it', 'satisfy enum value set: \\[');
    if (v.type === 'integer' && v.max) await beyond(Number(v.max) + 1, `have value less than or equal to ${v.max}`);
    if ((v.type === 'integer' || v.type === 'long') && v.min !== undefined) await beyond(Number(v.min) - 1, `have value greater than or equal to ${v.min}`);
  }
}
await refused('NoSuchOperation', {}, 'UnknownOperationException', /NoSuchOperation/);

console.log(`${inputs} input members, ${Object.keys(IGNORED).length} excused; ${outputs} output members, ${Object.keys(ABSENT).length} excused`);
const status = await server.close();
if (status !== 0) tally.fail('the end', `${status}: ${server.errors}`);
tally.close();
