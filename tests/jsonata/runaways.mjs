// node runaways.mjs PROGRAM: see test_runaways.sh.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';

const SECONDS_MOST = Number(process.env.RUNAWAY_SECONDS ?? 1), MEMORY_MOST_KIB = 256 * 1024, BESIDE_MOST_MS = 1500;
const many = (part, times, before = '', after = '') => before + part.repeat(times) + after;

// Must fail with States.QueryEvaluationError, or be refused at creation (false), or may do as they like (null).
const expressions = [
    [true, '$contains("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/)'], [true, '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a|a)*b/)'],
    [true, '$replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+$/, "")'], [null, '$split($pad("", 200000, "a"), /(a?){40}a{40}b/)'],
    [true, '($f := function(){$f()}; $f())'], [true, '($f := function($n){$n + $f($n + 1)}; $f(0))'], [true, '($f := function($n){$f($f($n))}; $f(0))'],
    [true, '$pad("x", 1000000000)'], [true, '$pad("x", -1e18, "ab")'], [true, '[1..10000000]'], [true, '[1..100000000]'], [true, '$sum([1..10000000])'], [true, '$sort([1..10000000])'],
    [true, '($f := function($s){$f($s & $s)}; $f("x"))'], [true, '($f := function($s){$f([$s, $s])}; $f(1))'],
    [true, '$map([1..3000], function($a){$map([1..3000], function($b){$a * $b})})'], [true, '$map([1..200], function($a){$map([1..200], function($b){$map([1..200], function($c){$a & $b & $c})})})'],
    [true, '$reduce([1..1000000], function($a, $b){$a & $b & "abcdefghijklmnop"})'], [true, '$reduce([1..60], function($a, $b){$a & $a}, "xxxxxxxx")'], [true, '$reduce([1..60], function($a, $b){$append($a, $a)}, [1,2])'],
    [null, '$length($formatNumber(1, $pad("", 1000000, "0")))'], [null, '$length($formatNumber(1.5, "0." & $pad("", 1000000, "0")))'], [null, '$length($formatInteger(1, $pad("", 1000000, "0")))'], [null, '$length($fromMillis(0, $pad("", 1000000, "[Y]")))'],
    [true, '$reduce([1..12], function($s, $i){$replace($s, "a", "aaaaaaaaaa")}, "a")'], [true, '$reduce([1..12], function($s, $i){$replace($s, /a/, "aaaaaaaaaa")}, "a")'], [true, '$map([1..1000000], function($i){$replace($pad("", 10000, "a"), /a/, "bb")})'],
    [true, '$sort([1..1000000], function($a, $b){$a < $b})'], [true, '$reduce([1..100000], function($a, $b){[[$a]]}, 1)'],
    [true, '($x := $reduce([1..300], function($a, $b){{"a": $a, "b": $a}}, 1); $x.**.**.**)'], [true, '$string($reduce([1..60], function($a, $b){{"a": $a, "b": $a}}, 1))'], [true, '($x := $reduce([1..60], function($a, $b){[$a, [$a]]}, [1]); $x = $clone($x))'],
    [null, '$length($join([1..1000000].$string()))'], [true, '$zip([1..3000000], [1..3000000])'], [true, '$distinct([1..300000].{"a": $})'], [true, '[1..1000000]{$string($): $}'], [true, '$spread([1..1000000].{"a": $})'],
    [true, '$parse($pad("", 200000, "["))'], [null, '$count($partition([1..1000000], 1))'], [true, '$range(1, 1e9, 1)'], [null, '$length($hash($pad("", 10000000), "SHA-256"))'], [null, '$length($base64encode($pad("", 10000000)))'],
    [true, '[[1..1000].([1..1000].([1..1000]))]'], [true, '$each($merge([1..300000].{$string($): $}), function($v){$string([1..1000])})'], [true, '$map([1..1000000], $string) ~> $sort ~> $reverse ~> $distinct ~> $join("-") ~> $split("-") ~> $map($number) ~> $sort'],
    [false, many('(', 300000, '', '1')], [false, many('(', 200000, '', '1' + many(')', 200000))], [false, many('[', 300000)], [false, many('-', 300000, '', '1')], [null, many('1+', 200000, '', '1')], [null, many('$states.', 50000, '', 'input')],
    [null, `$eval("1")`],
    // A million of each is more than a definition holds: as many as it does; those that make a million themselves follow.
    [false, many('(1 ? ', 150000, '', '1')], [false, many('function(){', 80000, '', '1' + many('}', 80000))], [false, many('{"a":', 150000, '', '1' + many('}', 150000))], [null, many('$', 150000, '', '')],
    [false, many('1?', 300000, '', '1')], [null, many('a.', 300000, '', 'a')], [null, many('a[0]', 150000)], [null, many('a^(b)', 100000)], [null, many('1 ~> $string ~> ', 40000, '', '$string')], [null, many('"a"&', 200000, '', '"a"')],
    [null, many('a[', 200000, '', 'a' + many(']', 200000))], [null, many('%.', 300000, '', '%')], [null, many('$x := ', 80000, '', '1')], [null, many('1;', 300000, '(', '1)')], [null, many('1,', 300000, '[', '1]')],
    [true, '($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(1000000))'], [true, '($f := function($n){$n = 0 ? 0 : $f($n - 1)}; $f(10000000))'], [true, '($f := function($n){$n = 0 ? [] : [[$f($n - 1)]]}; $f(100000))'],
    [true, '$string($reduce([1..100000], function($a, $b){[[$a]]}, 1))'], [true, '$reduce([1..100000], function($a, $b){{"a": $a}}, 1) ~> $string'], [null, '$reduce([1..100000], function($a, $b){$a ~> $b}, 1)'],
    [null, '$reduce([1..100000], function($f, $b){$f ~> $string}, $string)(1)'], [null, '$eval($pad("", 1000000, "("))'], [null, '$eval($pad("1", 1000000, "+1"))'], [null, '$eval($pad("", -1000000, "-") & "1")'], [null, '$eval($pad("", 1000000, "["))'],
    [true, '$join([1..1000000].$pad("x", 1000))'], [null, '$parse($pad("", 250000, "[") & $pad("", 250000, "]"))'], [true, '($x := [1..2000]; $x@$a.$x@$b.$x@$c[$a = $b and $b = $c].$a)'], [true, '[1..1000000]^($string($ * 7919 % 1000003))'],
    [true, '[1..3000]#$i.([1..3000]#$j.[$i, $j])'], [true, '$formatInteger(1e300, "w") ~> $pad(100000000)'], [null, '$parseInteger($pad("", 1000000, "one "), "w")'], [null, '$toMillis($pad("", 100000, "one "), "[Yw] [Dw]")'],
    [null, '$toMillis($pad("", 100000, ", -"), "[Yw] [Dw] [Hw]")'], [null, '$power(10, 308) & $power(1.0000001, 1e9)'], [null, '[{"length": 1e15}][0].(5)'],
];

function freePort() {
    return new Promise(resolve => {
        const probe = createServer().listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)); });
    });
}

const program = process.argv[2], folder = mkdtempSync(`${tmpdir()}/runaways-`), port = await freePort();
const server = spawn(program, ['serve', '--db', `${folder}/store.db`, '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
let complaints = '';
server.stderr.on('data', d => { complaints += d; });
const sleep = ms => new Promise(r => setTimeout(r, ms));

async function call(operation, body) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'X-Amz-Target': `AWSStepFunctions.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, ...JSON.parse(text) };
}
async function ready() {
    for (let i = 0; i < 300; i++) {
        try { if ((await fetch(`http://127.0.0.1:${port}/healthz`)).ok) return; } catch { /* not yet */ }
        await sleep(100);
    }
    throw new Error(`the server does not answer: ${complaints}`);
}
const role = 'arn:aws:iam::123456789012:role/r';
const create = (name, definition) => call('CreateStateMachine', { name, roleArn: role, definition: JSON.stringify(definition) });
async function finished(executionArn) {
    for (;;) {
        const seen = await call('DescribeExecution', { executionArn });
        if (seen.status !== 'RUNNING') return seen;
        await sleep(5);
    }
}

// Seconds of the processor that the server has taken: those of the clock are others' too, where the machine is busy.
function spent() {
    const [user, system] = readFileSync(`/proc/${server.pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / 100;
}

let passed = 0, failed = 0;
function check(holds, what) {
    if (holds) passed++;
    else { failed++; console.log(`FAILED: ${what}`); }
}

try {
    await ready();
    // The one beside them: short waits, one after another, until it is told that all is over.
    const beside = await create('beside', { QueryLanguage: 'JSONata', StartAt: 'Rest', States: {
        Rest: { Type: 'Wait', Seconds: 1, Assign: { n: '{% $exists($n) ? $n + 1 : 1 %}' }, Next: 'More' },
        More: { Type: 'Choice', Choices: [{ Condition: '{% $n < $states.input.rounds %}', Next: 'Rest' }], Default: 'Done' }, Done: { Type: 'Succeed', Output: '{% $states.input %}' } } });
    const going = await call('StartExecution', { stateMachineArn: beside.stateMachineArn, input: '{"rounds": 3}' });
    let worst = 0, slowest = '';
    for (const [i, [must, expression]] of expressions.entries()) {
        const shown = expression.slice(0, 90), machine = await create(`runaway-${i}`, { QueryLanguage: 'JSONata', StartAt: 'P', States: { P: { Type: 'Pass', Output: `{% ${expression} %}`, End: true } } });
        if (!machine.stateMachineArn) {
            check(must !== true, `${shown}: refused at creation: ${machine.message}`);
            continue;
        }
        const began = spent();
        const { executionArn } = await call('StartExecution', { stateMachineArn: machine.stateMachineArn });
        const seen = await finished(executionArn), seconds = spent() - began;
        if (seconds > worst) { worst = seconds; slowest = shown; }
        check(seconds <= SECONDS_MOST, `${shown}: took ${seconds} s`);
        check(must !== true || (seen.status === 'FAILED' && seen.error === 'States.QueryEvaluationError'), `${shown}: ${seen.status} ${seen.error} ${seen.cause?.slice(0, 200)}`);
        check(must !== false, `${shown}: was not refused`);
        if (process.env.RUNAWAY_SHOW) console.log(`${seconds.toFixed(3)} s  ${seen.status} ${seen.error ?? ''}  ${shown}  ${seen.cause?.slice(100, 260) ?? ''}`);
    }
    const other = await finished(going.executionArn);
    check(other.status === 'SUCCEEDED' && other.output === '{"rounds":3}', `the execution beside them: ${other.status} ${other.error} ${other.cause}`);
    const memory = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    check(memory < MEMORY_MOST_KIB, `the server took ${memory} KiB`);
    console.log(`${expressions.length} expressions; slowest ${worst.toFixed(3)} s (${slowest}); server at most ${(memory / 1024).toFixed(0)} MiB`);
} catch (e) {
    check(false, `${e.stack}\n${complaints.slice(-2000)}`);
} finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
}
console.log(`jsonata-runaways: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
