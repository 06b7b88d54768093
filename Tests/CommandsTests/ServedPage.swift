import CommandSupport
import Foundation
import Glibc
import StrictJSON
import Synchronization
import TestSupport

/// A command line that serves a page, and what a browser would send to it.
final class ServedPage: Sendable {
    private static let ports = Mutex(UInt16(20_000 + getpid() % 20_000))

    /// A port that no other test of this process uses.
    static func freePort() -> UInt16 {
        ports.withLock { port in
            port += 1
            return port
        }
    }

    struct Reply {
        let status: Int
        let head: String
        let body: [UInt8]

        var json: JSONValue? { try? JSONNode.parse(body).value }
        var error: String { json?["error"]?.text ?? "" }
    }

    let port: UInt16
    let host: String
    private let outcome = Mutex<Bench.Outcome?>(nil)
    private let link = Mutex("")
    private let linked = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Runs a command line with `--port`, and waits for its link.
    init(_ bench: Bench, _ words: [String], rp: String = "localhost") throws {
        let port = Self.freePort()
        self.port = port
        host = "\(rp):\(port)"
        let all = words + ["--port", String(port), "--no-browser"]
        let thread = Thread { [self] in
            var world = Bench.World()
            world.onNote = { [self] line in
                guard line.contains("http://") && line.contains("#") else { return }
                link.withLock { $0 = String(line.drop { $0 == " " }) }
                linked.signal()
            }
            let done = bench.run(words: all, in: world)
            outcome.withLock { $0 = done }
            linked.signal()
            ended.signal()
        }
        thread.start()
        linked.wait()
        guard outcome.withLock({ $0 == nil }) else {
            throw CommandFailure(outcome.withLock { $0?.errors } ?? "")
        }
    }

    var origin: String { "http://\(host)" }
    var url: String { link.withLock { $0 } }
    /// The ID of the link.
    var id: String { url.split(separator: "#").last.map(String.init) ?? "" }

    /// The outcome of the command.
    func end() throws -> Bench.Outcome {
        guard ended.wait(timeout: .now() + 20) == .success, let outcome = outcome.withLock({ $0 })
        else { throw CommandFailure("the command goes on") }
        return outcome
    }

    func get(_ path: String, _ fields: [String: String] = [:]) throws -> Reply {
        try send("GET", path, fields, [])
    }

    func post(_ path: String, _ body: String, _ fields: [String: String] = [:]) throws -> Reply {
        let own = ["Origin": origin, "Content-Type": "application/json"]
        return try send("POST", path, own.merging(fields) { $1 }, Array(body.utf8))
    }

    /// Asks for the task as the page does.
    func task() throws -> JSONValue {
        let reply = try get("/v1/tasks/\(id)", ["Sec-Fetch-Site": "same-origin"])
        guard reply.status == 200, let task = reply.json else { throw CommandFailure(reply.error) }
        return task
    }

    /// Answers the task as the page does.
    func answer(_ task: JSONValue, _ members: JSONValue) throws -> Reply {
        guard case .object(let members) = members else { throw CommandFailure("no object") }
        let all = members + [.init("answer_token", task["answer_token"] ?? .null)]
        let body = String(decoding: JSONValue.object(all).encoded(), as: UTF8.self)
        return try post("/v1/tasks/\(id)/answer", body)
    }

    private func send(
        _ method: String,
        _ path: String,
        _ fields: [String: String],
        _ body: [UInt8]
    ) throws -> Reply {
        var all = ["Host": host]
        if method == "POST" { all["Content-Length"] = String(body.count) }
        all.merge(fields) { $1 }
        let lines = all.filter { !$0.value.isEmpty }.map { "\($0): \($1)\r\n" }.joined()
        let text = "\(method) \(path) HTTP/1.1\r\n\(lines)\r\n"
        return try Self.exchange(Array(text.utf8) + body, at: port)
    }

    /// Sends bytes to a port of 127.0.0.1 or ::1, and reads all that comes back.
    static func exchange(
        _ bytes: [UInt8],
        at port: UInt16,
        over address: String = "127.0.0.1"
    ) throws -> Reply {
        let socket = try TestSocket.loopback(address, port: port)
        let answer = try socket.exchange(bytes)
        let separator = Array("\r\n\r\n".utf8)
        guard let gap = answer.firstRange(of: separator) else {
            throw CommandFailure("no response")
        }
        let head = String(decoding: answer[..<gap.lowerBound], as: UTF8.self)
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Reply(status: status, head: head, body: Array(answer[gap.upperBound...]))
    }
}
