import CommandSupport
import Commands
import Foundation
import Glibc
import Signatures
import StrictJSON
import TestSupport
import Testing

@Suite struct `jitgate sign with a passkey` {
    private let bench: Bench
    private let passkey = SoftwarePasskey()

    init() throws {
        bench = try Bench()
        try bench.write(passkey.line("dana") + "\n", to: "allowed_signers")
        bench.request()
    }

    private func serve(_ more: [String] = []) throws -> ServedPage {
        try ServedPage(bench, ["sign", "@g.json", "--passkey"] + more)
    }

    /// Ends a command as its user does on the page.
    private func cancel(_ page: ServedPage, _ task: JSONValue? = nil) throws {
        let reply = try page.answer(task ?? page.task(), ["cancelled": true])
        #expect(reply.status == 200)
        #expect(try page.end().status == .no)
    }

    private func sign(_ page: ServedPage, by key: SoftwarePasskey, _ task: JSONValue) throws
        -> ServedPage.Reply
    {
        let armor = key.sign(try bench.read("g.json"), in: "jitgate-grant", at: page.origin)
        return try page.answer(task, ["signature": .string(armor)])
    }

    @Test func `makes a file that ssh-keygen finds good`() throws {
        let page = try serve()
        #expect(page.url.hasPrefix("http://localhost:\(page.port)/#"))
        let shown = try page.get("/")
        #expect(shown.status == 200 && shown.body.starts(with: Array("<!doctype html>".utf8)))
        #expect(shown.head.contains("frame-ancestors 'none'"))
        let task = try page.task()
        #expect(task["task"] == "approve" && task["namespace"] == "jitgate-grant")
        #expect(
            task["payload"]?.text == Data(try bench.read("g.json")).base64EncodedString()
        )
        #expect(task["signers"]?.items?.map { $0["credential"]?.text } == [passkey.credential])
        let reply = try sign(page, by: passkey, task)
        #expect(reply.status == 200, "\(reply.error)")
        let outcome = try page.end()
        #expect(outcome.status == .done, "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("with a passkey of dana: \(bench.path("g.grant"))\n"))
        let file = try SignedFile(splitting: bench.read("g.grant"))
        #expect(file.payload == (try bench.read("g.json")))
        try bench.write(
            String(decoding: bench.read("g.grant").dropFirst(file.payload.count), as: UTF8.self),
            to: "sig"
        )
        let verified = try Command.run(
            [
                "ssh-keygen", "-Y", "verify", "-n", "jitgate-grant", "-I", "dana", "-f",
                bench.path("allowed_signers"), "-s", bench.path("sig"),
            ],
            input: bench.read("g.json")
        )
        #expect(verified.status == 0 && verified.text.hasPrefix("Good"), "\(verified.errors)")
        #expect(throws: (any Error).self) { try page.get("/") }
    }

    @Test func `adds an approval to a file that is signed`() throws {
        _ = bench.run("sign", "@g.json", "--key", bench.approver.privateFile)
        let page = try ServedPage(bench, ["sign", "@g.grant", "--passkey", "--json"])
        _ = try sign(page, by: passkey, try page.task())
        let outcome = try page.end()
        let answer = try JSONNode.parse(Array(outcome.output.utf8)).value
        #expect(answer["signatures"] == 2 && answer["key"] == "a passkey of dana")
        #expect(try SignedFile(splitting: bench.read("g.grant")).signatures.count == 2)
    }

    @Test func `answers only the page that it served, and over IPv6 too`() throws {
        let page = try serve()
        let request = Array("GET / HTTP/1.1\r\nHost: \(page.host)\r\n\r\n".utf8)
        #expect(try ServedPage.exchange(request, at: page.port, over: "::1").status == 200)
        for host in ["127.0.0.1:\(page.port)", "localhost", "evil.example:\(page.port)"] {
            #expect(try page.get("/", ["Host": host]).status == 403, "\(host)")
        }
        #expect(try page.get("/", ["Host": ""]).status == 403)
        let path = "/v1/tasks/\(page.id)"
        for site in ["cross-site", "same-site", "none"] {
            #expect(try page.get(path, ["Sec-Fetch-Site": site]).status == 403, "\(site)")
        }
        #expect(try page.get("/", ["Sec-Fetch-Site": "cross-site"]).status == 200)
        let task = try page.task()
        let body = #"{"answer_token": "\#(task["answer_token"]?.text ?? "")", "cancelled": true}"#
        for origin in ["http://evil.example", "http://127.0.0.1:\(page.port)", "null", ""] {
            let reply = try page.post("\(path)/answer", body, ["Origin": origin])
            #expect(reply.status == 403, "\(origin)")
        }
        let typed = try page.post("\(path)/answer", body, ["Content-Type": "text/plain"])
        #expect(typed.status == 415)
        try cancel(page, task)
    }

    @Test func `gives its task once, and to the one with the link`() throws {
        let page = try serve()
        let wrong = String(page.id.reversed())
        #expect(try page.get("/v1/tasks/\(wrong)").status == 404)
        #expect(try page.get("/v1/tasks/").status == 404)
        #expect(try page.get("/v1/tasks/\(page.id)?a").status == 404)
        let task = try page.task()
        #expect(try page.get("/v1/tasks/\(page.id)").status == 410)
        let unknown = try page.post("/v1/tasks/\(wrong)/answer", "{}")
        #expect(unknown.status == 404)
        let guessed = #"{"answer_token": "\#(page.id)", "cancelled": true}"#
        #expect(try page.post("/v1/tasks/\(page.id)/answer", guessed).status == 400)
        try cancel(page, task)
    }

    @Test func `takes no signature that does not hold, and waits for one that does`() throws {
        let page = try serve()
        let task = try page.task()
        #expect(try sign(page, by: SoftwarePasskey(), task).status == 422)
        let payload = try bench.read("g.json")
        for (bytes, namespace) in [
            (payload + [32], "jitgate-grant"), (payload, "jitgate-request"), (payload, "file"),
        ] {
            let armor = passkey.sign(bytes, in: namespace, at: page.origin)
            let reply = try page.answer(task, ["signature": .string(armor)])
            #expect(reply.status == 422, "\(namespace)")
        }
        let good = passkey.sign(payload, in: "jitgate-grant", at: page.origin)
        for armor in ["", "\n" + good, good + good, good + "\n", String(good.dropLast())] {
            #expect(try page.answer(task, ["signature": .string(armor)]).status == 422)
        }
        #expect(try !bench.names(in: ".").contains("g.grant"))
        #expect(try page.answer(task, ["signature": .string(good)]).status == 200)
        #expect(try page.end().status == .done)
    }

    @Test func `stands large, slow and broken requests`() throws {
        let page = try serve()
        // Connections that say nothing make room for those that do.
        let silent = try (0..<20).map { _ in
            try TestSocket.loopback("127.0.0.1", port: page.port)
        }
        #expect(try page.post("/", String(repeating: "a", count: 1 << 20)).status == 413)
        let garbage = try ServedPage.exchange(Array("\u{0}\r\n\r\n".utf8), at: page.port)
        #expect(garbage.status == 400)
        withExtendedLifetime(silent) {}
        try cancel(page)
    }

    @Test func `is cancelled on the page`() throws {
        let page = try serve()
        let reply = try page.answer(page.task(), ["cancelled": true])
        #expect(reply.status == 200)
        let outcome = try page.end()
        #expect(outcome.status == .no)
        #expect(outcome.errors.hasSuffix("jitgate: cancelled on the page\n"))
        #expect(try !bench.names(in: ".").contains("g.grant"))
    }

    @Test func `says whose port is in the way`() throws {
        let page = try serve()
        let words = ["sign", "@g.json", "--passkey", "--no-browser", "--port", "\(page.port)"]
        let outcome = bench.run(words: words)
        #expect(outcome.status == .temporary)
        #expect(outcome.errors.contains("port \(page.port) of localhost is in use"))
        try cancel(page)
    }

    @Test func `offers the passkeys of allowed_signers that can sign here`() throws {
        let other = SoftwarePasskey("localhost", credential: "b3RoZXI")
        let foreign = SoftwarePasskey("approve.example.com", credential: "Zm9yZWlnbg")
        let asking = SoftwarePasskey("localhost", credential: "YXNr")
        let lines = [
            passkey.line("dana"), other.line("eve,lead", ""), foreign.line("zoe"),
            asking.line("dana", "namespaces=\"jitgate-request\""),
        ]
        try bench.write(lines.joined(separator: "\n") + "\n", to: "allowed_signers")
        func offered(_ more: [String]) throws -> [String?] {
            let page = try serve(more)
            let task = try page.task()
            try cancel(page, task)
            return task["signers"]?.items?.map { $0["credential"]?.text } ?? []
        }
        #expect(try offered([]) == [passkey.credential, other.credential])
        #expect(try offered(["--signer", "LEAD"]) == [other.credential])
        #expect(try offered(["--as-requestor"]) == [asking.credential])
        let words = ["sign", "@g.json", "--passkey", "--no-browser", "--signer"]
        let none = bench.run(words: words + ["zoe"])
        #expect(none.status == .no)
        #expect(none.errors.contains("the passkeys of \"zoe\" are for approve.example.com"))
        #expect(bench.run(words: words + ["nobody"]).errors.contains("lists no passkey"))
    }

    @Test(arguments: [
        ["--key", "k"], ["--port", "80"], ["--rp", "example.com"], ["--rp", "a.LOCALHOST"],
        ["--rp", ".localhost"], ["--rp", "localhost.example"],
    ])
    func `takes no options that cannot work`(options: [String]) {
        #expect(bench.run(words: ["sign", "@g.json", "--passkey"] + options).status == .usage)
    }
}

@Suite struct `jitgate passkey enroll` {
    @Test func `prints the line that the hosts need`() throws {
        let bench = try Bench()
        let page = try ServedPage(
            bench,
            ["passkey", "enroll", "dana", "--rp", "a.localhost"],
            rp: "a.localhost"
        )
        #expect(page.url.hasPrefix("\(page.origin)/enroll#"))
        #expect(try page.get("/enroll").status == 200)
        let task = try page.task()
        #expect(task["task"] == "enroll" && task["name"] == "dana" && task["rp"] == "a.localhost")
        let foreign = SoftwarePasskey("localhost")
        let passkey = SoftwarePasskey("a.localhost")
        func answer(_ key: SoftwarePasskey, _ credential: String) throws -> ServedPage.Reply {
            try page.answer(
                task,
                [
                    "key": .string(Data(key.blob).base64EncodedString()),
                    "credential": .string(credential), "synced": true,
                ]
            )
        }
        #expect(try answer(foreign, "YQ").status == 422)
        #expect(try answer(passkey, "Y Q").status == 422)
        #expect(try answer(passkey, passkey.credential).status == 200)
        let outcome = try page.end()
        #expect(outcome.status == .done)
        #expect(outcome.output == passkey.line("dana") + "\n")
        #expect(outcome.errors.contains("  origins = [\"\(page.origin)\"]\n  synced = true"))
        try bench.write(outcome.output, to: "allowed_signers")
        let again = try ServedPage(
            bench,
            ["passkey", "enroll", "dana", "--rp", "a.localhost"],
            rp: "a.localhost"
        )
        let excluding = try again.task()
        #expect(excluding["exclude"] == [.string(passkey.credential)])
        _ = try again.answer(excluding, ["cancelled": true])
        #expect(try again.end().status == .no)
    }

    @Test(arguments: ["a b", "a,b", "*", ""])
    func `takes no name that allowed_signers would read otherwise`(name: String) throws {
        #expect(try Bench().run("passkey", "enroll", name).status == .usage)
    }
}
