import Linux
import SystemPackage

/// One peer: its unread bytes, the call it waits for, the replies that it has yet to take.
///
/// Belongs to the server's actor and never leaves it.
final class ServerConnection {
    /// A call that was begun and not answered for good.
    struct Call {
        let id: CallID
        let isOneway: Bool
        /// Might never end by itself, so a peer that has shut down its sending side has hung up.
        let isStream: Bool
    }

    enum Next {
        case call(VarlinkCall)
        /// It is not all there yet.
        case notYet
        /// The peer does not speak the protocol.
        case violation
    }

    /// The most unread bytes while a call is being answered; more are left in the kernel.
    private static let readAheadLimit = 65_536

    let id: Int
    let socket: UnixConnection
    private(set) var current: Call?
    private var framing = MessageFraming()
    private var inputEnded = false
    /// True if the bytes that were read end within a message.
    private var isMessagePartial = false
    private var callCount = 0
    private var outgoing = ReplyBacklog()
    private var reading: DescriptorSource?
    private var writing: DescriptorSource?

    init(id: Int, socket: UnixConnection) {
        self.id = id
        self.socket = socket
    }

    /// The bytes that the peer has yet to take.
    var backlog: Int { outgoing.count }

    var isReadyForCall: Bool { current == nil && backlog == 0 }

    /// True if there may be a call that can be taken without waiting for more.
    var hasUnreadInput: Bool { isReadyForCall && framing.pendingCount > 0 && !isMessagePartial }

    /// The peer sends no more and has all its answers.
    var isDone: Bool {
        guard inputEnded, !hasUnreadInput else { return false }
        return current.map(\.isStream) ?? (backlog == 0)
    }

    var wantsToRead: Bool {
        !inputEnded && (isReadyForCall || framing.pendingCount < Self.readAheadLimit)
    }

    func cancel() {
        reading = nil
        writing = nil
        current = nil
    }

    // MARK: in

    /// Calls `handler` when there is something to read, until `pauseReading`.
    func resumeReading(
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        if let reading { return reading.resume() }
        reading = try DescriptorSource(
            reading: socket.fileDescriptor,
            on: executor,
            handler: handler
        )
    }

    func pauseReading() {
        reading?.pause()
    }

    /// Reads a bounded piece of the input; `false` if the connection broke.
    func readAvailable() -> Bool {
        do throws(Errno) {
            let bytes = try socket.read(65_536)
            inputEnded = bytes.isEmpty
            isMessagePartial = isMessagePartial && bytes.isEmpty
            framing.append(bytes)
            return true
        } catch .wouldBlock {
            return true
        } catch {
            return false
        }
    }

    func nextCall() -> Next {
        do throws(MessageFraming.TooLong) {
            guard let message = try framing.next() else {
                isMessagePartial = true
                return .notYet
            }
            return VarlinkCall(message: message).map(Next.call) ?? .violation
        } catch {
            return .violation
        }
    }

    func begin(_ call: VarlinkCall) -> CallID {
        callCount += 1
        let callID = CallID(connection: id, number: callCount)
        current = Call(id: callID, isOneway: call.isOneway, isStream: call.wantsMore)
        return callID
    }

    // MARK: out

    /// Queues a reply to the current call.
    func take(_ reply: EncodedReply) {
        guard let call = current else { return }
        if !call.isOneway { outgoing.append(reply.frame) }
        if !reply.continues { current = nil }
    }

    /// Sends the bytes that the peer takes, and asks to be called when it takes more.
    func flush(
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        do throws(Errno) {
            while backlog > 0 {
                outgoing.advance(by: try socket.write(outgoing.next))
            }
            writing = nil
        } catch .wouldBlock {
            guard writing == nil else { return }
            writing = try DescriptorSource(
                writing: socket.fileDescriptor,
                on: executor,
                handler: handler
            )
        }
    }
}
