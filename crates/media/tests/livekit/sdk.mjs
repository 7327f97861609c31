// LiveKit's own SDK as a judge. One JSON task comes in by standard input, one JSON answer goes out.
import { createHash, webcrypto } from 'node:crypto';
import { AccessToken, RoomServiceClient, TokenVerifier, WebhookReceiver } from 'livekit-server-sdk';

// Debian 12 has Node 18, which has no such global; the SDK leans on it.
globalThis.crypto ??= webcrypto;

const tasks = {
  // Each token's claims, or null if it is refused.
  async verify({ key, secret, tokens }) {
    const verifier = new TokenVerifier(key, secret);
    return Promise.all(tokens.map((token) => verifier.verify(token, 0).catch(() => null)));
  },

  // A join token of the SDK's making.
  async token({ key, secret, identity, room }) {
    const token = new AccessToken(key, secret, { identity, ttl: 600 });
    token.addGrant({ roomJoin: true, room });
    return token.toJwt();
  },

  // The header that goes with a webhook's body.
  async sign({ key, secret, body }) {
    const token = new AccessToken(key, secret, { ttl: 300 });
    token.sha256 = createHash('sha256').update(body).digest('base64');
    return token.toJwt();
  },

  // Each webhook's event, or null if it is refused.
  async receive({ key, secret, webhooks }) {
    const receiver = new WebhookReceiver(key, secret);
    return Promise.all(
      webhooks.map(({ body, authorization }) => receiver.receive(body, authorization).then((event) => event.event, () => null)),
    );
  },

  // What the room service of a server says to the SDK's own client.
  async rooms({ key, secret, url, room, identity }) {
    const client = new RoomServiceClient(url, key, secret);
    const said = {};
    said.created = (await client.createRoom({ name: room, emptyTimeout: 60 })).name;
    said.rooms = (await client.listRooms([room])).map(({ name }) => name);
    said.inside = (await client.listParticipants(room)).map(({ identity }) => identity);
    said.unknown = await client.removeParticipant(room, identity).catch(({ status, code }) => ({ status, code }));
    await client.deleteRoom(room);
    said.left = (await client.listRooms([room])).map(({ name }) => name);
    return said;
  },
};

let text = '';
for await (const chunk of process.stdin) text += chunk;
const { task, ...rest } = JSON.parse(text);
process.stdout.write(JSON.stringify(await tasks[task](rest)));
