import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { verifyWebhook, WebhookVerificationError } from 'tenant-provisioner-client';
import { Backend, messages, page, readForm } from '../core/backend.js';
import { readSettings } from '../core/settings.js';

const backend = new Backend(readSettings(process.env), messages);
const { onboarding, signUps, settings } = backend;
const app = express().disable('x-powered-by');

app.get('/', (_request, response) => void response.type('html').send(page));

app.post('/signup', express.json({ limit: '4kb' }), (request, response) => {
  const form = readForm(request.body);
  if (form === undefined) return void response.status(400).json({ error: 'Give an e-mail address and a company.' });
  if (signUps.find(({ email }) => email === form.email) !== undefined)
    return void response.status(409).json({ error: 'You have signed up already: sign in.' });
  const signUp = signUps.add(form.email, form.company);
  if (signUp === undefined) {
    messages.toSupport('no tenant is left for new customers');
    return void response.status(503).json({ error: 'We cannot take you in right now. Please come back tomorrow.' });
  }
  // Stored, so nothing is lost: the user need not wait for the rest.
  void onboarding.advance(signUp);
  response.status(201).set('set-cookie', backend.cookieFor(signUp)).json(backend.describe(signUp));
});

app.get('/signup', async (request, response) => {
  const signUp = backend.signedIn(request.headers.cookie);
  if (signUp === undefined) return void response.sendStatus(401);
  await onboarding.advanceIfQuiet(signUp);
  response.set('cache-control', 'no-store').json(backend.describe(signUp));
});

// No body is read here: whose token it is, the session alone says.
app.post('/analytics/token', async (request, response) => {
  const signUp = backend.signedIn(request.headers.cookie);
  if (signUp === undefined) return void response.sendStatus(401);
  if (signUp.state !== 'ready') return void response.status(409).json(backend.describe(signUp));
  const token = await backend.tokenFor(signUp);
  if (token === undefined) return void response.status(503).set('retry-after', '5').end();
  response.set('cache-control', 'no-store').json(token);
});

// The body as it came, byte by byte: the signature is of that.
app.post('/webhooks', express.raw({ type: () => true, limit: '64kb' }), (request, response) => {
  try {
    const event = verifyWebhook((request.body as Buffer | undefined) ?? '', request.headers, settings.webhookSecrets);
    if (signUps.isNew(event.id)) void onboarding.hear(event);
    response.sendStatus(204);
  } catch (thrown) {
    if (!(thrown instanceof WebhookVerificationError)) throw thrown;
    response.sendStatus(401);
  }
});

/** Says what the browser did wrong; what we did wrong is for the log. */
const answerError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  response.sendStatus(status);
};
app.use(answerError);

const server = app.listen(settings.port, '127.0.0.1', (error) => {
  if (error !== undefined) throw error;
  console.log(`listening at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onboarding.start();
});
