// Schedules: the command line's, EventBridge's rules, EventBridge Scheduler's; each due time exactly
// once, over kill -9 too.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, sleep, Tally, until } from './client.mjs';
import { Peer } from './peer.mjs';

const tally = new Tally('schedule');
const program = process.env.STEPWELL ?? 'build/stepwell';
const PREFIX = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const PASS = JSON.stringify({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
const show = (v) => JSON.stringify(v);
function is(given, expected) {
  if (show(given) !== show(expected)) throw new Error(`${show(given)}, not ${show(expected)}`);
}
const time = (ms) => new Date(ms).toISOString().slice(0, 19);

async function test(name, options, body) {
  const server = new Server(options);
  const cli = (...words) => execFileSync(program, ['schedule', ...words, '--db',
    join(server.folder, 'api.db')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    await body(server, cli);
    if (server.process) is(await server.close(), 0);
    tally.pass();
  } catch (error) {
    server.process?.kill('SIGKILL');
    tally.fail(name, `${error.stack ?? error}\n${error.stderr ?? ''}${server.errors ?? ''}`);
  }
}

async function all(server, machine) {
  const names = [];
  for (let nextToken; ;) {
    const { body } = await server.call('ListExecutions',
      { stateMachineArn: PREFIX + machine, maxResults: 1000, nextToken });
    if (!body.executions) throw new Error(show(body));
    names.push(...body.executions.map((e) => e.name));
    if (!(nextToken = body.nextToken)) return names;
  }
}

function add(server, cli, name, expression, ...more) {
  const file = join(server.folder, 'job.asl.json');
  writeFileSync(file, PASS);
  return cli('add', name, expression, '--definition', file, ...more);
}

// Nothing is due any more, and what was has started.
function isOver(cli, name) {
  const { next, busy, retry } = JSON.parse(cli('show', name, '--json'));
  return next === null && busy === null && retry === null;
}

await test('the command line', [], async (server, cli) => {
  add(server, cli, 'often', 'rate(30 minutes)', '--input', '{"x":1}');
  const [one] = JSON.parse(cli('list', '--json'));
  is([one.name, one.expression, one.state, one.input, one.machine],
    ['often', 'rate(30 minutes)', 'ENABLED', '{"x":1}', `${PREFIX}job`]);
  is(one.next - one.created, 30 * 60000);
  cli('pause', 'often');
  is(JSON.parse(cli('list', '--json'))[0].state, 'DISABLED');
  cli('resume', 'often');
  is(JSON.parse(cli('show', 'often', '--json')).state, 'ENABLED');
  cli('remove', 'often');
  is(JSON.parse(cli('list', '--json')), []);
  for (const wrong of [['add', 'a', 'every day', '--machine', 'm'], ['remove', 'nothing'],
    ['add', 'a', 'rate(1 day)', '--machine', 'm', '--zone', 'Mars/Olympus'],
    ['add', 'a', 'rate(1 day)', '--machine', 'm', '--input', '{'], ['add', 'a', 'rate(1 day)']]) {
    let status = 0;
    try { cli(...wrong); } catch (error) { status = error.status; }
    is([wrong[2], status], [wrong[2], 2]);
  }
});

await test('a file beside the definition', [], async (server, cli) => {
  const file = join(server.folder, 'night.schedule.json');
  writeFileSync(join(server.folder, 'night.asl.json'), PASS);
  writeFileSync(file, show({ expression: 'cron(0 3 * * ? *)', zone: 'Europe/Berlin', input: { full: true }, retries: 3,
    deadLetter: 'arn:aws:sqs:us-east-1:123456789012:dead', missed: 'none' }));
  cli('add', '--file', file);
  const [one] = JSON.parse(cli('list', '--json'));
  is([one.name, one.machine, one.zone, one.input, one.retries, one.deadLetter, one.missed], ['night', `${PREFIX}night`,
    'Europe/Berlin', '{"full":true}', 3, 'arn:aws:sqs:us-east-1:123456789012:dead', 'none']);
  for (const wrong of ['{', '[]', '{"expression":"rate(1 day)","colour":"red"}', '{"input":1}', '{"expression":{}}',
    '{"expression":"rate(1 day)","deadLetter":"arn:aws:sns:us-east-1:123456789012:t"}',
    '{"expression":"rate(1 day)","retries":186}']) {
    writeFileSync(file, wrong);
    let status = 0;
    try { cli('add', '--file', file); } catch (error) { status = error.status; }
    is([wrong, status], [wrong, 2]);
  }
});

await test('dead letters', ['--time', 'x100'], async (server, cli) => {
  const peer = await new Peer().start();
  server.options.push(...peer.routes);
  peer.queueUrl('dead');
  const queue = 'arn:aws:sqs:us-east-1:123456789012:dead';
  cli('add', 'gone', 'rate(1 minute)', '--machine', 'nowhere', '--input', '{"x":1}', '--dead-letter', queue);
  cli('add', 'again', 'rate(1 hour)', '--machine', 'late', '--start', time(Date.now() + 30000), '--retries', '9', '--dead-letter', queue);
  await server.start();
  const dead = peer.queues.get('dead');
  await until(() => dead.length > 0);
  const [{ Body, MessageAttributes }] = dead;
  is([Body, MessageAttributes.ERROR_CODE.StringValue, MessageAttributes.RETRY_ATTEMPTS.StringValue,
    MessageAttributes.TARGET_ARN.StringValue], ['{"x":1}', 'StateMachineDoesNotExist', '0', `${PREFIX}nowhere`]);
  // one that is retried finds its machine after a while
  let names = [];
  await until(() => /again could not start/.test(server.errors));
  await server.call('CreateStateMachine', { name: 'late', definition: PASS, roleArn: 'arn:aws:iam::123456789012:role/r' });
  await until(async () => (names = await all(server, 'late')).length > 0);
  is(/^again-\d{8}T\d{6}$/.test(names[0]), true);
  is(dead.some((m) => m.MessageAttributes.TARGET_ARN.StringValue === `${PREFIX}late`), false);
  await peer.close();
});

await test('a day of half hours with ten kills', ['--time', 'x3600'], async (server, cli) => {
  const begin = Math.ceil(Date.now() / 1000) * 1000 + 60000;
  add(server, cli, 'half', 'rate(30 minutes)', '--start', time(begin),
    '--end', time(begin + 47.5 * 30 * 60000), '--missed', 'all',
    '--input', '{"at":"<aws.scheduler.scheduled-time>"}');
  const due = Array.from({ length: 48 }, (_, i) =>
    `half-${time(begin + i * 30 * 60000).replace(/[-:]/g, '')}`);
  await server.start();
  let names = [];
  for (let kills = 0; kills < 10; kills++) {
    await sleep(500 + Math.random() * 1000);
    names = await all(server, 'job');
    await server.stop('SIGKILL'); // the clock starts at the real time again, and passes all of it anew
    await server.start();
  }
  await until(() => isOver(cli, 'half'), () => cli('show', 'half'));
  is((await all(server, 'job')).sort(), due);
  const { body } = await server.call('DescribeExecution',
    { executionArn: `${PREFIX.replace('stateMachine', 'execution')}job:${due[7]}` });
  is(body.input, show({ at: `${time(begin + 7 * 30 * 60000)}Z` }));
});

for (const [missed, count] of [['latest', 1], ['all', 5], ['none', 0]])
  await test(`missed due times: ${missed}`, [], async (server, cli) => {
    add(server, cli, 'past', 'rate(1 minute)', '--missed', missed);
    const file = join(server.folder, 'api.db');
    const code = `import sqlite3,json,sys
db=sqlite3.connect(sys.argv[1])
table=[r[0] for r in db.execute("select name from sqlite_master where type='table' and sql like '%kind%' and sql like '%value%'")][0]
k,v=db.execute(f"select key,value from {table} where kind='schedule'").fetchone()
d=json.loads(v); d['created']-=390000; d['next']=d['created']+60000; d['end']=d['created']+300000
db.execute(f"update {table} set value=? where kind='schedule'",(json.dumps(d).encode(),)); db.commit()`;
    execFileSync('python3', ['-c', code, file]); // as if it had been down for six and a half minutes
    await server.start();
    await until(() => isOver(cli, 'past'), () => cli('show', 'past'));
    is((await all(server, 'job')).length, count);
  });

const signed = (service, region = 'us-east-1') => ({ 'X-Amz-Date': '20260101T000000Z', Authorization:
  `AWS4-HMAC-SHA256 Credential=A/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0` });

await test("EventBridge's rules", ['--time', 'x600'], async (server) => {
  await server.start();
  await server.call('CreateStateMachine', { name: 'job', definition: PASS, roleArn: 'arn:aws:iam::123456789012:role/r' });
  const events = async (operation, parameters) => {
    const answer = await server.raw('POST', '/', { ...signed('events'), 'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `AWSEvents.${operation}` }, JSON.stringify(parameters));
    return { status: answer.status, body: JSON.parse(answer.body) };
  };
  is((await events('PutRule', { Name: 'r', ScheduleExpression: 'rate(1 minute)' })).body,
    { RuleArn: 'arn:aws:events:us-east-1:123456789012:rule/r' });
  is((await events('PutRule', { Name: 'q', ScheduleExpression: 'rate(1 minutes)' })).status, 400);
  is((await events('PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: `${PREFIX}job` },
    { Id: 'u', Arn: 'arn:aws:sqs:us-east-1:123456789012:q' }] })).body.FailedEntryCount, 1);
  is((await events('ListTargetsByRule', { Rule: 'r' })).body.Targets.map((t) => t.Id), ['t']);
  let names = [];
  await until(async () => (names = await all(server, 'job')).length >= 2);
  is(/^rule-r-t-\d{8}T\d{6}$/.test(names[0]), true);
  const { body } = await server.call('DescribeExecution',
    { executionArn: `${PREFIX.replace('stateMachine', 'execution')}job:${names[0]}` });
  is(JSON.parse(body.input)['detail-type'], 'Scheduled Event');
  is((await events('DeleteRule', { Name: 'r' })).status, 400);
  await events('DisableRule', { Name: 'r' });
  is((await events('DescribeRule', { Name: 'r' })).body.State, 'DISABLED');
  const before = (await all(server, 'job')).length;
  // Another one, made later, is due twice meanwhile.
  await server.call('CreateStateMachine', { name: 'mark', definition: PASS, roleArn: 'arn:aws:iam::123456789012:role/r' });
  await events('PutRule', { Name: 'marks', ScheduleExpression: 'rate(1 minute)' });
  await events('PutTargets', { Rule: 'marks', Targets: [{ Id: 't', Arn: `${PREFIX}mark` }] });
  await until(async () => (await all(server, 'mark')).length >= 2);
  is((await all(server, 'job')).length, before);
  await events('RemoveTargets', { Rule: 'marks', Ids: ['t'] });
  await events('DeleteRule', { Name: 'marks' });
  await events('EnableRule', { Name: 'r' });
  is((await events('ListRules', {})).body.Rules.length, 1);
  await events('RemoveTargets', { Rule: 'r', Ids: ['t'] });
  is((await events('DeleteRule', { Name: 'r' })).status, 200);
  is((await events('DescribeRule', { Name: 'r' })).body.__type, 'ResourceNotFoundException');
});

await test('EventBridge Scheduler', ['--time', 'x600'], async (server) => {
  await server.start();
  await server.call('CreateStateMachine', { name: 'job', definition: PASS, roleArn: 'arn:aws:iam::123456789012:role/r' });
  const scheduler = async (method, path, body) => {
    const answer = await server.raw(method, path, { ...signed('scheduler'), 'Content-Type': 'application/json' },
      body ? JSON.stringify(body) : '');
    return { status: answer.status, body: JSON.parse(answer.body) };
  };
  const role = 'arn:aws:iam::123456789012:role/r';
  const wish = { ScheduleExpression: 'rate(1 minute)', FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: `${PREFIX}job`, RoleArn: role, Input: '{"a":1}' } };
  is((await scheduler('POST', '/schedules/s', wish)).body,
    { ScheduleArn: 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/s' });
  is((await scheduler('POST', '/schedules/s', wish)).body.__type, 'ConflictException');
  is((await scheduler('GET', '/schedules/s')).body.Target.Input, '{"a":1}');
  is((await scheduler('GET', '/schedules')).body.Schedules.map((s) => s.Name), ['s']);
  let names = [];
  await until(async () => (names = await all(server, 'job')).length >= 1);
  is(/^scheduler-default-s-\d{8}T\d{6}$/.test(names[0]), true);
  const universal = { ...wish, Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution', RoleArn: role,
    Input: JSON.stringify({ StateMachineArn: `${PREFIX}job`, Input: '{"b":2}' }) } };
  is((await scheduler('PUT', '/schedules/s', universal)).status, 200);
  is((await scheduler('PUT', '/schedules/s', { ...wish, ScheduleExpression: 'often' })).body.__type,
    'ValidationException');
  is((await scheduler('DELETE', '/schedules/s')).status, 200);
  is((await scheduler('GET', '/schedules/s')).body.__type, 'ResourceNotFoundException');
});

await test('rules and schedules are of a region, those of before too', [], async (server) => {
  await server.start();
  const in_ = (region) => ({
    rules: async (operation, parameters) => JSON.parse((await server.raw('POST', '/', { ...signed('events', region),
      'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `AWSEvents.${operation}` }, JSON.stringify(parameters))).body),
    schedules: async (method, path, body) => JSON.parse((await server.raw(method, path, { ...signed('scheduler', region),
      'Content-Type': 'application/json' }, body ? JSON.stringify(body) : '')).body),
  });
  const [home, west] = [in_('us-east-1'), in_('eu-west-1')];
  const wish = { ScheduleExpression: 'rate(1 minute)', FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: `${PREFIX}job`, RoleArn: 'arn:aws:iam::123456789012:role/r' } };
  const arns = async (where) => [(await where.rules('ListRules', {})).Rules.map((r) => [r.Name, r.Arn]),
    (await where.schedules('GET', '/schedules')).Schedules.map((s) => [s.Name, s.Arn])];
  const expected = (region) => [[['r', `arn:aws:events:${region}:123456789012:rule/r`]],
    [['s', `arn:aws:scheduler:${region}:123456789012:schedule/default/s`]]];
  for (const where of [home, west]) {
    await where.rules('PutRule', { Name: 'r', ScheduleExpression: 'rate(1 minute)' });
    is((await where.rules('PutTargets', { Rule: 'r', Targets: [{ Id: 't', Arn: `${PREFIX}job` }] })).FailedEntryCount, 0);
    await where.schedules('POST', '/schedules/s', wish);
  }
  is(await arns(home), expected('us-east-1'));
  is(await arns(west), expected('eu-west-1'));
  await west.rules('RemoveTargets', { Rule: 'r', Ids: ['t'] });
  await west.rules('DeleteRule', { Name: 'r' });
  await west.schedules('DELETE', '/schedules/s');
  is(await arns(west), [[], []]);
  // a pattern is of its region, too
  await west.rules('PutRule', { Name: 'p', EventPattern: '{"source":["shop"]}' });
  is((await west.rules('ListRules', {})).Rules.map((r) => r.Name), ['p']);
  is(await arns(home), expected('us-east-1'));
  // as a version wrote them that knew one region
  await server.stop('SIGTERM');
  execFileSync('python3', ['-c', `import sqlite3,sys
db=sqlite3.connect(sys.argv[1])
table=[r[0] for r in db.execute("select name from sqlite_master where type='table' and sql like '%kind%' and sql like '%value%'")][0]
db.execute(f"update {table} set key=substr(key,24) where kind in ('schedule','rule') and key like 'us-east-1/123456789012/%'")
assert db.total_changes == 3, db.total_changes
db.commit()`, join(server.folder, 'api.db')]);
  await server.start();
  is(await arns(home), expected('us-east-1'));
  is((await home.rules('ListTargetsByRule', { Rule: 'r' })).Targets.map((t) => t.Id), ['t']);
  is((await home.schedules('DELETE', '/schedules/s')).__type, undefined);
  await server.stop('SIGKILL');
  await server.start();
  is((await arns(home))[1], []);
});

tally.close();
