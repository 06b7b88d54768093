import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import StrictJSON

/// The times within which a connection must get on.
struct ConnectionTimes: Sendable {
    /// From the connection, or the last answer, to the end of the next head.
    var head: TimeAmount = .seconds(20)
    /// From the end of the head to that of the body.
    var body: TimeAmount = .seconds(30)
    /// Of a client that does not read its answer.
    var stalled: TimeAmount = .seconds(30)
}

/// Closes connections that do not get on, and answers what is no HTTP.
///
/// Times count from the beginning of a step, so that a byte now and then does not prolong them. While
/// the hub itself works, as in a long poll, none of them counts.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let times: ConnectionTimes
    private let count: ConnectionCount
    private let headers: SecurityHeaders
    /// Of what the client sends, and of its reading what it is sent.
    private var deadline: ConnectionDeadline?
    private var stalled: ConnectionDeadline?
    private var entry: ConnectionCount.Entry?
    private var answers = 0

    init(_ times: ConnectionTimes, _ count: ConnectionCount, _ headers: SecurityHeaders) {
        (self.times, self.count, self.headers) = (times, count, headers)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        entry = count.enter(context.channel.remoteAddress)
        guard entry != nil else { return context.close(promise: nil) }
        // A reader of events that is gone without a word would keep its place for ever.
        _ = context.channel.setOption(ChannelOptions.socketOption(.so_keepalive), value: 1)
        deadline = ConnectionDeadline(context.channel)
        stalled = ConnectionDeadline(context.channel)
        deadline?.set(times.head)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.end()
        stalled?.end()
        entry.map(count.leave)
        entry = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.end()
        stalled?.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            answers += 1
            deadline?.set(times.body)
        case .body: break
        case .end:
            // After an answer that came before the end, the time of the next head runs already.
            if answers > 0 { deadline?.clear() }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            answers -= 1
            if answers == 0 { deadline?.set(times.head) }
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { stalled?.clear() } else { stalled?.set(times.stalled) }
        context.fireChannelWritabilityChanged()
    }

    /// Answers bytes that are no request of HTTP, and closes.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        defer { context.close(promise: nil) }
        // Within an answer nothing can be said any more.
        guard answers == 0 else { return }
        let refusal =
            error == .headerOverflow
            ? HubError(.headersTooLarge, "the head is too long", "send fewer or shorter headers")
            : HubError(.malformed, "this is no request of HTTP/1.1", "send one")
        let answer = HubAnswer.error(refusal)
        var head = answer.head
        headers.add(to: &head.headerFields)
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = ByteBuffer(bytes: refusal.json.encoded() + [UInt8(ascii: "\n")])
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
