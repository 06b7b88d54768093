import Depot
import Grants
import Linux
import StrictJSON
import Transfer

/// The reason why a round ends early.
enum RoundEnd: Error {
    /// The process is to end.
    case stopped
    /// The depot does not answer, or asks for a pause.
    case silent(String, retryAfter: Duration?)
    /// Something else than files is to be done first.
    case interrupted
}

/// Asks a depot for objects, and tells answers from errors.
struct DepotReader {
    /// The answer about one object.
    enum Result {
        case content([UInt8], tag: String?)
        case unchanged
        case absent
        case failed(String)
    }

    /// The bounds of the wait for news at a hub.
    struct Patience {
        /// The longest time that a hub is asked to wait.
        static let longest: Duration = .seconds(30)

        var wait = longest
        /// A descriptor that ends the wait when it can be read.
        var interrupt: Int32?
    }

    /// The longest answer to a PUT, in bytes.
    private static let answerLimit = 64 << 10

    private let url: String
    private let connection: DepotConnection

    init(url: String, connection: DepotConnection) {
        (self.url, self.connection) = (url, connection)
    }

    /// Asks for an object, under the condition that its ETag has changed.
    func read(_ object: DepotObject, unless tag: String?) throws(RoundEnd) -> Result {
        try Self.result(try response(to: request(object, unless: tag)), tag)
    }

    /// Asks a hub for all indexes at once; `nil` if the depot is no hub.
    func readIndexes(
        _ shelves: [ShelfName],
        unless tag: String?,
        _ patience: Patience
    ) throws(RoundEnd) -> Result? {
        var request = request(.indexes(shelves), unless: tag)
        request.headers.append(("Prefer", "wait=\(patience.wait.components.seconds)"))
        // Without a condition a hub answers at once.
        if tag != nil { (request.wait, request.interrupt) = (patience.wait, patience.interrupt) }
        guard let response = try response(to: request) else { return nil }
        let result = try Self.result(response, tag)
        let applied = response[header: "preference-applied"] ?? ""
        return applied.lowercased().hasPrefix("wait=") ? result : nil
    }

    /// Puts an object; returns why the depot does not have it, if it has not.
    func put(_ bytes: [UInt8], as object: DepotObject) throws(RoundEnd) -> Refusal? {
        var request = Request("\(url)/\(object.path)", limit: Self.answerLimit)
        request.body = bytes
        // Files are waited for meanwhile.
        request.time = .seconds(10)
        do throws(TransferError) {
            let response = try connection.perform(request)
            guard !(200..<300).contains(response.status) else { return nil }
            return Self.refusal(response)
        } catch {
            switch error {
            case .stopped: throw .stopped
            case .interrupted: return Refusal("the request was interrupted")
            case .tooLong: return Refusal("the answer is longer than it may be")
            case .unanswered(let reason): return Refusal(TerminalText.safe(reason))
            }
        }
    }

    /// The reason why the depot did not take an object.
    struct Refusal: Hashable {
        let reason: String
        var retryAfter: Duration?

        init(_ reason: String, retryAfter: Duration? = nil) {
            (self.reason, self.retryAfter) = (reason, retryAfter)
        }
    }

    private static func refusal(_ response: Response) -> Refusal {
        switch Answer(status: response.status, wasConditional: false, body: response.body) {
        case .refused(let reason): Refusal(reason + remark(response))
        case .overloaded(let reason): Refusal(reason, retryAfter: retryAfter(response))
        default: Refusal("the depot answered \(response.status) to a PUT")
        }
    }

    private func request(_ object: DepotObject, unless tag: String?) -> Request {
        var request = Request("\(url)/\(object.path)", limit: object.limit)
        if let tag { request.headers.append(("If-None-Match", tag)) }
        return request
    }

    /// The answer; `nil` if it is too long.
    private func response(to request: Request) throws(RoundEnd) -> Response? {
        do throws(TransferError) {
            return try connection.perform(request)
        } catch {
            switch error {
            case .stopped: throw .stopped
            case .interrupted: throw .interrupted
            case .tooLong: return nil
            case .unanswered(let reason): throw Self.silence(reason)
            }
        }
    }

    private static func result(_ response: Response?, _ tag: String?) throws(RoundEnd) -> Result {
        guard let response else { return .failed("the answer is longer than it may be") }
        switch Answer(status: response.status, wasConditional: tag != nil, body: response.body) {
        case .content: return .content(response.body, tag: response[header: "etag"])
        case .unchanged: return .unchanged
        case .absent: return .absent
        case .refused(let reason): return .failed(reason + remark(response))
        case .overloaded(let reason):
            throw .silent(reason, retryAfter: retryAfter(response))
        }
    }

    /// A clause about the difference of the clocks, which may explain a refusal; empty without one.
    private static func remark(_ response: Response) -> String {
        let remark = ClockSkew.remark(date: response[header: "date"], now: StateBoard.wallClock)
        return remark.map { "; " + $0 } ?? ""
    }

    private static func retryAfter(_ response: Response) -> Duration? {
        RetryAfter.duration(response[header: "retry-after"], date: response[header: "date"])
    }

    /// A wrong clock is the likeliest reason why certificates are out of date.
    private static func silence(_ reason: String) -> RoundEnd {
        let isAboutTime = reason.contains("expired") || reason.contains("not yet valid")
        let clock = StateBoard.wallClock.wholeSecond
        let hint = isAboutTime ? "; the clock of this host says \(clock)" : ""
        return .silent(TerminalText.safe(reason) + hint, retryAfter: nil)
    }
}
