import { nowUs } from '../clock.ts'
import { addHint, type Lane } from '../client.ts'
import { Conversation } from '../conversation.ts'
import { SendResult } from '../send-result.ts'
import type { Phase } from '../../../shared/record/words.ts'
import { DATA, EMPTY_CONTENT, RSET } from './commands.ts'
import type { SmtpConnection, Talker } from './smtp-connection.ts'
import { failed, type Failure } from '../connect/failure.ts'
import { clientName } from './client-name.ts'
import { refusalAdvice, settlePace } from './failure.ts'
import type { SmtpContext } from './smtp-context.ts'
import { Handshake, type HandshakeOwner } from './handshake.ts'
import type { ReplyParser } from './reply-parser.ts'
import type { TransactionForm, TransactionForms } from './transaction-form.ts'

/** Which reply comes next. The last two clean up behind a refused transaction and are in nobody's figures. */
const MAIL = 0
const RCPT = 1
const DATA_GO = 2
const CONTENT = 3
const EMPTY = 4
const RESET = 5
type Step = typeof MAIL | typeof RCPT | typeof DATA_GO | typeof CONTENT | typeof EMPTY | typeof RESET

/** Replies of a server that had thrown away what stood behind the dot, or took it for something else. */
const OUT_OF_ORDER: readonly number[] = [500, 501, 502, 503, 504]
/** A trial of overlap is given up after so many turns without an answer, and not before so long. */
const TRIAL_TURNS = 20
const LEAST_TRIAL_US = 2_000_000

/** Sends one message after the other over one connection at a time. Every send is a transaction of RFC 5321. */
export class SmtpLane implements Lane, Talker, HandshakeOwner {
  readonly result: SendResult
  readonly #context: SmtpContext
  readonly #forms: TransactionForms
  readonly #onDone: (result: SendResult) => void
  readonly #recipients: number
  #connection: SmtpConnection | null = null
  #form: TransactionForm | null = null
  #step: Step = MAIL
  /** A send is under way, up to the call of `onDone`. */
  #isBusy = false
  /** Its outcome is known; only cleaning up is left. */
  #isDecided = false
  #isFollowed = false
  /** The envelope of the next send is on its way behind the content of this one, or has been answered. */
  #isAhead = false
  /** The envelope in progress went out behind the content before it: its wait is no turn of its own. */
  #cameAlong = false
  #mailAccepted = false
  #rcptIndex = 0
  #rcptAccepted = 0
  /** The first refusal in the envelope. */
  #refusal: Failure | null = null

  constructor(
    context: SmtpContext,
    forms: TransactionForms,
    index: number,
    onDone: (result: SendResult) => void
  ) {
    this.#context = context
    this.#forms = forms
    this.#onDone = onDone
    this.#recipients = context.options.content.message.to.length
    this.result = new SendResult(index, new Conversation((line) => context.mask(line)))
  }

  send(seq: number, dueUs: number, followed: boolean): void {
    const { result } = this
    result.begin(seq, dueUs, nowUs())
    this.#isBusy = true
    this.#isFollowed = followed
    const connection = this.#connection
    if (connection === null) {
      this.#open()
      return
    }
    result.connection = connection.number
    result.reused = true
    result.carriedBefore = connection.messages
    this.#context.connector.stats.reused++
    if (!this.#isAhead) {
      this.#begin(connection)
      return
    }
    this.#isAhead = false
    this.#cameAlong = true
    if (!this.#forms.overlap.isTaken) connection.patienceUs = this.#trialPatienceUs
    connection.startWait('envelope', result.startedUs)
    if (connection.isHolding) process.nextTick(() => connection.listen())
  }

  abort(): void {
    const connection = this.#connection
    this.#forget()
    if (this.#isBusy && !this.#isDecided) {
      connection?.cutWait()
      this.#decide(
        'aborted',
        'ABORTED',
        connection?.phase ?? 'tcp',
        'cut before its outcome was known',
        nowUs()
      )
    }
    connection?.destroy()
    if (this.#isBusy) this.#deliver()
  }

  /** Lets the kept connection go with a QUIT; a send in flight is aborted. */
  retire(): void {
    if (this.#isBusy || this.#isAhead) this.abort()
    this.#connection?.leave()
    this.#connection = null
  }

  onOpened(connection: SmtpConnection): void {
    connection.talker = this
    this.#begin(connection)
  }

  onRefused(failure: Failure): void {
    this.#connection = null
    this.#fail(failure)
  }

  onReply(reply: ReplyParser, heardUs: number, isLast: boolean): void {
    const connection = this.#connection
    const form = this.#form
    if (connection === null || form === null) return
    const { code } = reply
    if (this.#cameAlong && !this.#forms.overlap.isTaken) {
      if (this.#step === MAIL && OUT_OF_ORDER.includes(code)) return this.#fallBack()
      this.#forms.overlap.taken()
      connection.patienceUs = null
    }
    if (code === 421 && this.#step < EMPTY) {
      connection.account(heardUs, this.#cameAlong ? 0 : 1)
      if (this.#mayBeginAnew(connection)) return this.#beginAnew(connection)
      this.#drop()
      this.#refuse(this.#firstRefusal(reply), heardUs)
      return
    }
    switch (this.#step) {
      case MAIL:
        if (code >= 300 && code < 400) return this.#nonsense(reply)
        if (code < 300) this.#mailAccepted = true
        else this.#refusal = this.#answered(reply)
        if (!form.isPipelined) {
          if (!this.#endsTurn(connection, heardUs, isLast)) return
          if (this.#refusal !== null) return this.#refuse(this.#refusal, heardUs)
        }
        this.#step = RCPT
        if (!form.isPipelined) connection.say(form.commands.rcpt[0]!, 'rcpt')
        return
      case RCPT:
        if (code >= 300 && code < 400) return this.#nonsense(reply)
        if (code < 300) this.#rcptAccepted++
        else this.#refusal ??= this.#answered(reply)
        this.#rcptIndex++
        if (!form.isPipelined && !this.#endsTurn(connection, heardUs, isLast)) return
        if (this.#rcptIndex < this.#recipients) {
          if (!form.isPipelined) connection.say(form.commands.rcpt[this.#rcptIndex]!, 'rcpt')
          return
        }
        this.#step = form.isChunked ? CONTENT : DATA_GO
        if (form.isPipelined) return
        if (this.#rcptAccepted === 0) return this.#refuse(this.#refusal ?? this.#answered(reply), heardUs)
        if (form.isChunked) this.#sayContent(connection, form, 'content')
        else connection.say(DATA, 'data')
        return
      case DATA_GO:
        return this.#onDataReply(connection, form, reply, heardUs, isLast)
      case CONTENT:
        return this.#onContentReply(connection, form, reply, heardUs, isLast)
      case EMPTY:
      case RESET:
        this.#onCleanedUp(connection, code, isLast)
    }
  }

  onUnasked(reply: ReplyParser | null): void {
    const { stats } = this.#context.connector
    if (reply?.code === 421) stats.closedByPeer++
    if (reply !== null)
      addHint(stats, `The server said on a kept connection, unasked: ${this.#context.mask(reply.summary())}`)
    this.#drop()
  }

  onLost(failure: Failure): void {
    const connection = this.#connection
    this.#connection = null
    if (!this.#isBusy) {
      if (this.#isAhead && !this.#forms.overlap.isTaken) this.#refuseOverlap()
      this.#isAhead = false
      this.#context.connector.stats.closedByPeer++
    } else if (this.#isDecided) {
      this.#deliver()
    } else {
      connection?.cutWait()
      if (this.#cameAlong && !this.#forms.overlap.isTaken) return this.#fallBack()
      if (this.#isAhead && !this.#forms.overlap.isTaken) this.#refuseOverlap()
      this.#isAhead = false
      const isClosed = failure.code !== 'TIMEOUT' && failure.code !== 'PROTOCOL'
      if (connection !== null && isClosed && this.#mayBeginAnew(connection))
        return this.#beginAnew(connection)
      const refusal = isClosed ? this.#refusedBefore : null
      if (refusal === null) this.#noteUnsure(connection)
      this.#fail(refusal ?? failure)
    }
  }

  /**
   * The peer has ended a kept connection before it heard any of this send's content, and refused nothing of it: a limit
   * of its own (421, or a close), and no answer to the message. RFC 5321 section 3.8 lets the client try again.
   */
  #mayBeginAnew(connection: SmtpConnection): boolean {
    const form = this.#form
    if (form === null || this.#step >= CONTENT || connection.messages === 0) return false
    return this.#refusal === null && !(form.isPipelined && form.isChunked)
  }

  #beginAnew(connection: SmtpConnection): void {
    const { stats } = this.#context.connector
    stats.resent++
    stats.endedAfter = Math.min(stats.endedAfter, connection.messages)
    this.#startOver()
  }

  /** Nothing of this send has followed its envelope yet: it begins anew, and no other goes out behind a content. */
  #fallBack(): void {
    this.#refuseOverlap()
    this.#startOver()
  }

  #refuseOverlap(): void {
    this.#forms.overlap.refused()
    addHint(
      this.#context.connector.stats,
      'The server offers PIPELINING and takes no envelope behind a content: overlap fell back to a wait for each message; ' +
        '"overlap": false spares the attempt.'
    )
  }

  #startOver(): void {
    const { result } = this
    if (result.reused) {
      result.reused = false
      result.carriedBefore = 0
      this.#context.connector.stats.reused--
    }
    this.#drop()
    this.#cameAlong = false
    this.#open()
  }

  /** The refusal of an envelope that leaves nobody to receive the content; null while someone may. */
  get #refusedBefore(): Failure | null {
    return this.#hasRecipients ? null : this.#refusal
  }

  /** Notes of a failure behind the whole content that the message may have been taken all the same. */
  #noteUnsure(connection: SmtpConnection | null): void {
    const form = this.#form
    const isOut = this.#step === CONTENT || (form !== null && form.isPipelined && form.isChunked)
    this.result.mayBeDelivered = isOut && connection !== null && connection.unwrittenBytes === 0
  }

  #open(): void {
    const handshake = new Handshake(this.#context, this.result, this)
    this.#connection = handshake.connection
    handshake.start()
  }

  #begin(connection: SmtpConnection): void {
    const form = this.#forms.lane(connection.extensions, this.#form)
    this.#form = form
    this.#cameAlong = false
    this.#newEnvelope()
    if (!form.isPipelined) connection.say(form.commands.mail, 'mail')
    else if (form.isChunked) this.#sayContent(connection, form, 'envelope')
    else connection.say(form.commands.envelopeAndData, 'envelope')
    this.#step = MAIL
  }

  #newEnvelope(): void {
    this.#step = MAIL
    this.#mailAccepted = false
    this.#rcptIndex = 0
    this.#rcptAccepted = 0
    this.#refusal = null
  }

  #sayContent(connection: SmtpConnection, form: TransactionForm, phase: Phase): void {
    this.#step = CONTENT
    this.#isAhead =
      form.isOverlapped &&
      this.#isFollowed &&
      connection.messages + 1 < this.#limit(connection) &&
      this.#forms.overlap.begin()
    form.payload.number(this.result.seq)
    connection.sayPayload(form.payload, phase, this.#isAhead)
  }

  #onDataReply(
    connection: SmtpConnection,
    form: TransactionForm,
    reply: ReplyParser,
    heardUs: number,
    isLast: boolean
  ): void {
    if (reply.code !== 354 && reply.code < 400) return this.#nonsense(reply)
    if (!this.#endsTurn(connection, heardUs, isLast)) return
    if (reply.code >= 400) return this.#refuse(this.#firstRefusal(reply), heardUs)
    if (this.#hasRecipients) return this.#sayContent(connection, form, 'content')
    this.#decideRefused(this.#firstRefusal(reply), heardUs)
    connection.messages++
    this.#cleanUp(connection, EMPTY, EMPTY_CONTENT)
  }

  #onContentReply(
    connection: SmtpConnection,
    form: TransactionForm,
    reply: ReplyParser,
    heardUs: number,
    isLast: boolean
  ): void {
    const { code } = reply
    const leftBytes = connection.unwrittenBytes - (this.#isAhead ? form.payload.behind.length : 0)
    if (code >= 300 && code < 400) return this.#nonsense(reply)
    if (code < 300 && leftBytes > 0) return this.#nonsense(reply, 'accepted before all of it was sent')
    connection.accountTurn(heardUs)
    connection.isWaiting = this.#isAhead
    const isAccepted = code < 300 && this.#hasRecipients
    if (!isAccepted) this.#decideRefused(this.#firstRefusal(reply), heardUs)
    else this.#decideAccepted(reply, heardUs)
    connection.messages++
    if (connection.messages >= this.#limit(connection)) this.#leave()
    else if ((!isLast && !this.#isAhead) || !connection.isFlushed) this.#drop()
    else if (form.isChunked && !isAccepted && this.#mailAccepted) {
      return this.#cleanUp(connection, RESET, RSET)
    } else if (this.#isAhead) this.#newEnvelope()
    this.#deliver()
    // The next envelope is being answered, but its send has not begun: what is heard of it waits.
    if (this.#isAhead && this.#connection === connection) connection.hold()
  }

  /** Ends the turn of a command or group; false when the server said more than it was asked for. */
  #endsTurn(connection: SmtpConnection, heardUs: number, isLast: boolean): boolean {
    if (this.#cameAlong) connection.account(heardUs, 0)
    else connection.accountTurn(heardUs)
    this.#cameAlong = false
    connection.isWaiting = false
    if (isLast) return true
    const sample = `the server sent more than it was asked for: ${connection.unasked}`
    this.#drop()
    this.#fail(failed('PROTOCOL', connection.phase, sample))
    return false
  }

  /** Someone will receive the content. */
  get #hasRecipients(): boolean {
    return this.#mailAccepted && this.#rcptAccepted > 0
  }

  /** The refusal that decided: the envelope's, when nobody was left to receive the content. */
  #firstRefusal(reply: ReplyParser): Failure {
    return !this.#hasRecipients && this.#refusal !== null ? this.#refusal : this.#answered(reply)
  }

  #answered(reply: ReplyParser): Failure {
    return {
      outcome: 'rejected',
      code: reply.status(),
      phase: STEP_PHASES[this.#step],
      sample: this.#context.mask(reply.summary())
    }
  }

  /** How long the answer to an overlapped envelope may take while nobody knows whether there will be one. */
  get #trialPatienceUs(): number {
    const { stats } = this.#context.connector
    const longUs = Number.isFinite(stats.leastTurnUs) ? TRIAL_TURNS * stats.leastTurnUs : 0
    return Math.min(this.#context.options.timeoutMs * 1000, Math.max(LEAST_TRIAL_US, longUs))
  }

  #refuse(failure: Failure, heardUs: number): void {
    this.#decideRefused(failure, heardUs)
    const connection = this.#connection
    if (connection === null) return this.#deliver()
    connection.messages++
    if (connection.messages >= this.#limit(connection)) this.#leave()
    else if (this.#mailAccepted) return this.#cleanUp(connection, RESET, RSET)
    this.#deliver()
  }

  #decideRefused({ code, phase, sample, advice }: Failure, heardUs: number): void {
    const { result } = this
    const { transport } = this.#context.options
    const name = clientName(transport.ehloName, this.#connection?.localAddress)
    const told = sample + (advice ?? refusalAdvice(sample, phase, transport, name))
    this.#decide('rejected', code, phase, told, heardUs)
    settlePace(result, sample, transport)
  }

  #decideAccepted(reply: ReplyParser, heardUs: number): void {
    const refusal = this.#refusal
    if (refusal === null) return this.#decide('accepted', reply.status(), 'content', '', heardUs)
    this.#decide('accepted', refusal.code, refusal.phase, refusal.sample, heardUs)
    this.result.recipientsRefused = this.#recipients - this.#rcptAccepted
  }

  #decide(outcome: SendResult['outcome'], code: string, phase: Phase, sample: string, doneUs: number): void {
    const { result } = this
    this.#isDecided = true
    result.outcome = outcome
    result.code = code
    result.phase = phase
    result.sample = sample
    // What answers an envelope that came along may have been heard together with the end of the send before.
    result.doneUs = Math.max(doneUs, result.startedUs)
  }

  #fail(failure: Failure): void {
    if (failure.outcome === 'rejected') this.#decideRefused(failure, nowUs())
    else this.#decide('failed', failure.code, failure.phase, failure.sample, nowUs())
    this.#deliver()
  }

  #nonsense(reply: ReplyParser, what = 'unexpected reply'): void {
    const connection = this.#connection
    const phase = STEP_PHASES[this.#step]
    connection?.account(nowUs(), 1)
    this.#drop()
    const sample = this.#context.mask(`${what} in phase ${phase}: ${reply.summary()}`)
    this.#fail(failed('PROTOCOL', phase, sample))
  }

  /** Clears away what is left of a transaction, so that the connection lives on; the send is delivered afterwards. */
  #cleanUp(connection: SmtpConnection, step: Step, command: Buffer): void {
    this.#step = step
    connection.say(command, connection.phase)
  }

  /** The send has been decided before; what counts here is whether the connection is fit for the next one. */
  #onCleanedUp(connection: SmtpConnection, code: number, isLast: boolean): void {
    connection.isWaiting = false
    // An empty content may well be refused; a transaction that was not reset would get in the next one's way.
    const isClear = code < 300 || (this.#step === EMPTY && code >= 400)
    if (!isLast || code === 421 || !isClear) this.#drop()
    else if (connection.messages >= this.#limit(connection)) this.#leave()
    this.#deliver()
  }

  #deliver(): void {
    this.#isBusy = false
    this.#isDecided = false
    this.#onDone(this.result)
  }

  #leave(): void {
    this.#connection?.leave()
    this.#forget()
  }

  #drop(): void {
    this.#connection?.destroy()
    this.#forget()
  }

  #forget(): void {
    if (this.#isAhead || this.#cameAlong) this.#forms.overlap.withdrawn()
    this.#connection = null
    this.#isAhead = false
  }

  #limit(connection: SmtpConnection): number {
    return this.#context.options.transport.messagesPerConnection ?? connection.extensions.mailMax ?? Infinity
  }
}

const STEP_PHASES: Record<Step, Phase> = {
  [MAIL]: 'mail',
  [RCPT]: 'rcpt',
  [DATA_GO]: 'data',
  [CONTENT]: 'content',
  [EMPTY]: 'content',
  [RESET]: 'content'
}
