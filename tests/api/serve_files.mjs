// `stepwell serve DIR|FILE`: machines from files, made and changed at the start; a mistake in one changes
// nothing and says where it is. And what `schedule list` and `show` tell people.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Server, Tally } from './client.mjs';

const tally = new Tally('serve_files');
const json = JSON.stringify;
const program = process.env.STEPWELL ?? 'build/stepwell';
const PREFIX = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const folder = mkdtempSync(join(tmpdir(), 'stepwell-files-'));
const write = (path, text) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const pass = (result) => json({ StartAt: 'P', States: { P: { Type: 'Pass', Result: result, End: true } } });
const is = (given, expected) => {
  if (json(given) !== json(expected)) throw new Error(`${json(given)}, not ${json(expected)}`);
};
async function test(name, body) {
  try {
    await body();
    tally.pass();
  } catch (error) {
    tally.fail(name, error.stack ?? error);
  }
}
const serve = (...words) => {
  const ended = spawnSync(program, ['serve', '--port', '0', '--db', join(folder, 'refused.db'), ...words], { encoding: 'utf8', timeout: 20000 });
  return [ended.status, ended.stderr];
};

const jobs = join(folder, 'jobs');
const server = new Server();
const call = async (operation, input) => (await server.call(operation, input)).body;
const again = async (...options) => {
  if (server.process) await server.stop();
  server.options = options;
  await server.start();
  return call('ListStateMachines', {});
};

await test('a folder becomes machines', async () => {
  write('jobs/hello.asl.json', pass('${Greeting}'));
  write('jobs/export/machine.asl.json', pass(1));
  write('jobs/thumb.express.asl.json', pass(2));
  write('jobs/notes.json', 'not looked at');
  const { stateMachines } = await again(jobs, '--var', 'Greeting=Hi');
  is(stateMachines.map((m) => [m.name, m.type]), [['export', 'STANDARD'], ['hello', 'STANDARD'], ['thumb', 'EXPRESS']]);
  const d = await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}hello` });
  is([d.definition, d.revisionId, d.roleArn], [pass('Hi'), undefined, 'arn:aws:iam::123456789012:role/stepwell']);
});

await test('what has changed is a new revision, the rest stays', async () => {
  const before = await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}export` });
  const { executionArn } = await call('StartExecution', { stateMachineArn: `${PREFIX}hello`, input: '{}' });
  await again(jobs, '--var', 'Greeting=Hallo');
  const d = await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}hello` });
  is([d.definition, d.revisionId.length], [pass('Hallo'), 36]);
  is(await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}export` }), before);
  is((await call('DescribeStateMachineForExecution', { executionArn })).definition, pass('Hi'));
  await again(jobs, '--var', 'Greeting=Hallo');
  is((await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}hello` })).revisionId, d.revisionId);
  is(/machine hello \(.*hello\.asl\.json\) is as it was/.test(server.errors), true);
});

await test('machines of the API stay, and their settings', async () => {
  await call('UpdateStateMachine', { stateMachineArn: `${PREFIX}export`, tracingConfiguration: { enabled: true } });
  write('jobs/export/machine.asl.json', pass(3));
  await again(join(jobs, 'export/machine.asl.json'));
  const d = await call('DescribeStateMachine', { stateMachineArn: `${PREFIX}export` });
  is([d.definition, d.tracingConfiguration], [pass(3), { enabled: true }]);
  is((await call('ListStateMachines', {})).stateMachines.length, 3);
});

await test('wrong files', async () => {
  write('bad/x.asl.json', '{"StartAt":"P","States":{"P":{"Type":"Pass","Next":"Q"},"R":{"Type":"Succeed"}}}');
  write('bad/fine.asl.json', pass(1));
  write('twice/a.asl.json', pass(1));
  write('twice/b/a.asl', pass(1));
  mkdirSync(join(folder, 'empty'));
  const says = (given, status, pattern) => {
    is(given[0], status);
    if (!pattern.test(given[1])) throw new Error(`${given[1]}, not ${pattern}`);
  };
  says(serve(join(folder, 'bad')), 2, /bad\/x\.asl\.json:1:\d+: error: MISSING_TRANSITION_TARGET: [^]*nothing was changed, and nothing is served/);
  says(serve(join(folder, 'twice')), 2, /a\.asl\.json and .*b\/a\.asl would both be the machine 'a': rename one/);
  says(serve(join(folder, 'empty')), 2, /there is no definition \(\*\.asl\.json, \*\.asl\) in it/);
  says(serve(join(folder, 'nowhere')), 2, /nowhere: No such file or directory/);
  says(serve(join(folder, 'bad/fine.asl.json'), '--type', 'FAST'), 2, /--type is STANDARD or EXPRESS, not 'FAST'/);
  says(serve('--quota', 'aliases=0'), 2, /--quota: 'aliases=0' is no quota: NAME=N .* activities, aliases, executions/);
  const list = spawnSync(program, ['list', '--db', join(folder, 'refused.db')], { encoding: 'utf8' });
  is(/fine/.test(list.stdout + list.stderr), false);
  await server.stop();
  server.options = [join(jobs, 'hello.asl.json'), '--type', 'EXPRESS'];
  const error = await server.start().then(() => '', (e) => e.message);
  if (!/hello is there already, as STANDARD; delete it first, or give the file another name/.test(error)) throw new Error(error);
});

await test('schedules, as people read them', async () => {
  const db = join(folder, 'schedules.db');
  const cli = (...words) => spawnSync(program, ['schedule', ...words, '--db', db], { encoding: 'utf8' });
  const added = cli('add', 'often', 'cron(0 9 ? * MON-FRI *)', '--machine', 'nope', '--zone', 'Europe/Berlin', '--retries', '3', '--input', '{"a":1}');
  is([added.status, added.stderr], [0, 'stepwell: there is no machine nope yet: starts fail until there is\n']);
  const [head, line] = cli('list').stdout.split('\n');
  is([head.split(/ {2,}/), /^often {2,}cron\(0 9 \? \* MON-FRI \*\) {2,}nope {2,}20\d\d-\d\d-\d\d \d\d:00:00$/.test(line)],
    [['NAME', 'EXPRESSION', 'STARTS', 'NEXT'], true]);
  const shown = cli('show', 'often').stdout;
  for (const pattern of [/^often: cron\(0 9 \? \* MON-FRI \*\) starts nope\n/, / {2}next +20.*\(in .*\)\n/, / {2}zone +Europe\/Berlin\n/,
    / {2}retries +3\n/, / {2}input +\{"a":1\}\n/])
    if (!pattern.test(shown)) throw new Error(`${shown}, not ${pattern}`);
  cli('pause', 'often');
  is([/ paused$/m.test(cli('list').stdout), /\(paused\)/.test(cli('show', 'often').stdout)], [true, true]);
  cli('remove', 'often');
  is(cli('list').stdout, 'there are no schedules; `stepwell schedule add NAME EXPRESSION --machine NAME` makes one\n');
  is(cli('show', 'often').status, 2);
});

rmSync(server.folder, { recursive: true, force: true });
rmSync(folder, { recursive: true, force: true });
tally.close();
