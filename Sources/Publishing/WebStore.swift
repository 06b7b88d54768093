package import CommandSupport
package import Depot
package import Grants
import Linux
import Transfer

/// A depot on a web server or in an S3-compatible store.
package final class WebStore: DepotStore {
    /// The age of what was read at which it is read again before it is changed, for a server
    /// without conditions.
    private static let longestChange: Duration = .milliseconds(500)

    package let name: String
    package private(set) var time: Moment?
    package private(set) var isConditional: Bool?
    /// True if it refuses whatever has a condition, as OpenStack Swift does.
    private var refusesConditions = false
    /// The clocks, if they differ, as of the last answer.
    private var skew: String?
    private let connection: DepotConnection
    /// The times that a request is repeated which the depot is too busy for.
    private let patience: Int
    private var random = SystemRandomNumberGenerator()

    init(_ url: String, _ connection: DepotConnection, patience: Int) {
        (name, self.connection, self.patience) = (url, connection, patience)
    }

    package func read(_ object: DepotObject) throws(CommandFailure) -> StoredObject? {
        let response = try perform(Request(url(object), limit: object.limit))
        switch response.status {
        case 404 where Answer.lacksBucket(response.body): throw missingBucket(object)
        case 200:
            return StoredObject(
                bytes: response.body,
                tag: response[header: "etag"].flatMap { $0.hasPrefix("\"") ? $0 : nil },
                modified: response[header: "last-modified"].flatMap(HTTPDate.moment)
            )
        case 404, 410: return nil
        default: throw refusal(object, response.status, of: "read")
        }
    }

    package func write(_ bytes: [UInt8], to object: DepotObject) throws(CommandFailure) {
        let status = try put(bytes, to: object)
        guard Self.isDone(status) else { throw refusal(object, status, of: "write") }
    }

    package func examine(by object: DepotObject, _ bytes: [UInt8]) throws(CommandFailure) {
        guard isConditional == nil else { return }
        // No object has this ETag: the PUT fails, or writes what is there already.
        let tag = "\"" + String(repeating: "0", count: 32) + "\""
        let status = try put(bytes, to: object, ("If-Match", tag))
        (isConditional, refusesConditions) = (status == 412, status == 501)
    }

    package func edit(
        _ object: DepotObject,
        _ change: (StoredObject?) throws(CommandFailure) -> [UInt8]?
    ) throws(CommandFailure) -> Bool {
        for attempt in 0..<SecondLook.rounds {
            let begun = ContinuousClock.now
            let old = try read(object)
            guard let new = try change(old) else { return true }
            let isSafe = isConditional == true && (old == nil || old?.tag != nil)
            guard isSafe || ContinuousClock.now - begun < Self.longestChange else { continue }
            let status = try put(new, to: object, condition(for: old))
            if Self.isDone(status) { return isSafe }
            guard status == 412 || status == 409 && isSafe else {
                throw refusal(object, status, of: "write")
            }
            Pause.sleep(Cadence.pause(afterFailures: attempt / 4, using: &random))
        }
        throw .overtaken(url(object))
    }
}

// MARK: requests

extension WebStore {
    /// The condition that an object is what was read.
    private func condition(for old: StoredObject?) -> (name: String, value: String)? {
        guard !refusesConditions else { return nil }
        return old.map { $0.tag.map { ("If-Match", $0) } } ?? ("If-None-Match", "*")
    }

    private func url(_ object: DepotObject) -> String { "\(name)/\(object.path)" }

    /// The status of a PUT.
    private func put(
        _ bytes: [UInt8],
        to object: DepotObject,
        _ condition: (name: String, value: String)? = nil
    ) throws(CommandFailure) -> Int {
        var request = Request(url(object), limit: DepotObject.fileLimit)
        request.body = bytes
        request.headers = condition.map { [$0] } ?? []
        return try perform(request).status
    }

    /// The answer; one that asks for patience is waited for a few times.
    private func perform(_ request: Request) throws(CommandFailure) -> Response {
        for attempt in 0...patience {
            let response = try respond(request)
            time = response[header: "date"].flatMap(HTTPDate.moment)
            skew = ClockSkew.remark(date: response[header: "date"], now: Self.now)
            let isBusy = response.status == 429 || (500...599).contains(response.status)
            guard isBusy, response.status != 501, attempt < patience else { return response }
            Pause.sleep(Cadence.pause(afterFailures: attempt + 1, using: &random))
        }
        throw CommandFailure(.unavailable, "\(request.url): no answer")
    }

    private func respond(_ request: Request) throws(CommandFailure) -> Response {
        do throws(TransferError) {
            return try connection.perform(request)
        } catch {
            switch error {
            case .stopped, .interrupted: throw CommandFailure(.temporary, "stopped")
            case .tooLong:
                throw CommandFailure(.no, "\(request.url): the answer is longer than it may be")
            case .unanswered(let reason):
                throw CommandFailure(.unavailable, "no answer from \(request.url): \(reason)")
            }
        }
    }

    private static var now: Moment {
        Moment(microseconds: ClockReading.now().wallMicroseconds)
    }

    private func missingBucket(_ object: DepotObject) -> CommandFailure {
        CommandFailure(
            .unavailable,
            "\(url(object)): there is no such bucket",
            hints: ["make it, or mend the URL of the depot"]
        )
    }

    private static func isDone(_ status: Int) -> Bool { [200, 201, 204].contains(status) }

    private func refusal(_ object: DepotObject, _ status: Int, of verb: String) -> CommandFailure {
        let text = "\(url(object)): the depot answered \(status)"
        switch status {
        case 400, 401, 403:
            return CommandFailure(
                .noPermission,
                "\(text): you may not \(verb) it",
                hints: [
                    "see [depot] certificate and credentials in jitgate-fleet.toml(5)",
                    skew,
                ].compactMap(\.self)
            )
        case 405, 409, 501:
            return CommandFailure(
                .unavailable,
                text,
                hints: ["the depot must take PUT, and make the directories that are missing"]
            )
        case 429, 500...599:
            return CommandFailure(.temporary, text, hints: ["try again later"])
        default: return CommandFailure(.unavailable, text)
        }
    }
}

extension CommandFailure {
    /// Other publishers changed an object again and again.
    package static func overtaken(_ object: String) -> CommandFailure {
        CommandFailure(
            .temporary,
            "\(object): other publishers were faster \(SecondLook.rounds) times",
            hints: ["try again: what is posted already stays"]
        )
    }
}
