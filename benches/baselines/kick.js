// What both baselines share: the HTTP side of a kick, and what a row's states mean.
import { createHash } from 'node:crypto'
import Fastify from 'fastify'

export const hashOf = (token) => createHash('sha256').update(token).digest()

// What a kick writes, or why it may not be. `conference` and `participants` are rows as they were loaded.
export function decide (user, conference, participants, target) {
  if (user.role !== 1) return { status: 403 }
  if (!conference || conference.client_id !== user.id) return { status: 404 }
  const participant = participants.find((p) => p.id === target)
  if (!participant) return { status: 404 }
  if (participant.kind < 3) return { status: 409 }
  if (participant.state === 6) return { status: 200 }
  return { status: 200, hadAccount: participant.account_expires !== null, seq: conference.last_seq + 1 }
}

// Listens on a free port and says which. `kick(tokenHash, now, conference, participant)` gives the status.
export async function serve (kick) {
  const app = Fastify({ logger: false })
  app.post('/API/Client/Request/KickThirdPartyVideoParticipant', async (request, reply) => {
    const token = request.headers.weyitoken
    const { RequestConferenceSessionId: conference, RequestConferenceSessionVideoParticipantId: participant } =
      request.body ?? {}
    if (typeof token !== 'string') return reply.code(401).send()
    if (!Number.isInteger(conference) || !Number.isInteger(participant)) return reply.code(400).send()
    return reply.code(await kick(hashOf(token), Date.now() * 1000, conference, participant)).send()
  })
  console.log('listening on ' + await app.listen({ host: '127.0.0.1', port: 0 }) + '/API')
}
