// An HTTPS API that wants an OAuth token, and a Kubernetes API, both over real TLS with certificates
// made on the spot: HTTP Tasks with a connection, eks:call and eks:runJob.sync.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:https';
import { readFileSync, writeFileSync } from 'node:fs';
import { close, folder, judge, run, task } from './party.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });
function authority(name) {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${folder}/${name}.key`, '-out', `${folder}/${name}.pem`,
        '-subj', `/CN=${name}`, '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE');
}
authority('ours');
authority('stranger');
writeFileSync(`${folder}/ext`, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${folder}/server.key`, '-out', `${folder}/server.csr`, '-subj', '/CN=localhost');
openssl('x509', '-req', '-in', `${folder}/server.csr`, '-CA', `${folder}/ours.pem`, '-CAkey', `${folder}/ours.key`, '-CAcreateserial',
    '-out', `${folder}/server.pem`, '-days', '2', '-extfile', `${folder}/ext`);

const asked = [];
const answers = {
    'POST /token': (q, body) => q.headers.authorization === 'Basic ' + btoa('id:very secret') && body.get('grant_type') === 'client_credentials'
        ? [200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }] : [401, { error: 'invalid_client' }],
    'GET /orders': q => q.headers.authorization === 'Bearer token-1' ? [200, { orders: [1, 2] }] : [401, { message: 'who?' }],
    'GET /api/v1/pods': q => q.headers.authorization?.startsWith('Bearer k8s-aws-v1.') ? [200, { items: [] }] : [401, { message: 'Unauthorized' }],
    'POST /apis/batch/v1/namespaces/default/jobs': () => [201, { metadata: { name: 'j' } }],
    'GET /apis/batch/v1/namespaces/default/jobs/j': () => [200, { metadata: { name: 'j' }, status: { conditions: [{ type: 'Complete', status: 'True' }] } }],
};
const server = createServer({ key: readFileSync(`${folder}/server.key`), cert: readFileSync(`${folder}/server.pem`) }, (request, response) => {
    let body = '';
    request.on('data', d => body += d);
    request.on('end', () => {
        const path = `${request.method} ${request.url.split('?')[0]}`;
        asked.push(path);
        const [status, answer] = (answers[path] ?? (() => [404, { message: 'none' }]))(request, new URLSearchParams(body));
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
    });
});

server.listen(0, '127.0.0.1', async () => {
    const url = `https://localhost:${server.address().port}`;
    const connection = secret => ({ AllowPrivate: true, AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS', AuthParameters: { OAuthParameters: {
        AuthorizationEndpoint: `${url}/token`, HttpMethod: 'POST', ClientParameters: { ClientID: 'id', ClientSecret: secret } } } });
    writeFileSync(`${folder}/connections.json`, JSON.stringify({ good: connection({ env: 'ORDERS_SECRET' }), bad: connection('wrong') }));
    const call = (name, more) => ({ StartAt: 'Call', States: { Call: task('http:invoke', { ApiEndpoint: `${url}/orders`, Method: 'GET',
        Authentication: { ConnectionArn: `arn:aws:events:us-east-1:123456789012:connection/${name}/x` } }, { End: true, ...more }) } });
    const settings = { args: ['--connections', `${folder}/connections.json`], env: { AWS_CA_BUNDLE: `${folder}/ours.pem`, ORDERS_SECRET: 'very secret' } };

    let got = await run(call('good'), settings);
    judge('an HTTPS API with OAuth is called', got.status === 'SUCCEEDED' && JSON.parse(got.output).ResponseBody.orders[1] === 2, got);
    judge('the token is asked for, then the API', asked.join() === 'POST /token,GET /orders', asked);
    asked.length = 0;
    got = await run(call('bad'), settings);
    judge('a refused client fails the task', got.status === 'FAILED' && !asked.includes('GET /orders'), [got, asked]);
    asked.length = 0;
    got = await run(call('good'), { ...settings, env: { ...settings.env, AWS_CA_BUNDLE: `${folder}/stranger.pem` } });
    judge('a stranger\'s certificate is not taken', got.status === 'FAILED' && got.error === 'States.Http.Socket' && asked.length === 0, [got, asked]);

    const cluster = name => ({ ClusterName: 'c', Endpoint: url, CertificateAuthority: readFileSync(`${folder}/${name}.pem`).toString('base64') });
    const eks = (resource, parameters) => ({ StartAt: 'K', States: { K: task(resource, parameters, { End: true }) } });
    const keys = { env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' }, args: ['--time', 'skip'] };
    got = await run(eks('eks:call', { ...cluster('ours'), Method: 'GET', Path: '/api/v1/pods' }), keys);
    judge('a cluster is called', got.status === 'SUCCEEDED' && JSON.parse(got.output).ResponseBody.items.length === 0, got);
    got = await run(eks('eks:call', { ...cluster('ours'), Method: 'GET', Path: '/nowhere' }), keys);
    judge('its failure is told', got.error === 'EKS.404', got);
    got = await run(eks('eks:runJob.sync', { ...cluster('ours'), Job: { kind: 'Job', metadata: { name: 'j' } } }), keys);
    judge('a job is waited for', got.status === 'SUCCEEDED' && JSON.parse(got.output).status.conditions[0].type === 'Complete', got);
    asked.length = 0;
    got = await run(eks('eks:call', { ...cluster('stranger'), Method: 'GET', Path: '/api/v1/pods' }), keys);
    judge('a cluster of another authority is not called', got.error === 'EKS.SdkClientException' && asked.length === 0, [got, asked]);
    server.close();
    close('https-parties');
});
