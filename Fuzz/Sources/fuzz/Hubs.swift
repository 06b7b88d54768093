import Grants
import Requests

/// Files that people sign for a hub, behind their signatures.
extension Target {
    static let hubs = [
        Target(name: "login") { bytes in
            guard let login = try? LoginDocument(parsing: bytes) else { return }
            hold((try? LoginDocument(parsing: login.payload())) == login, "a login reads back")
            hold(!login.url.hasSuffix("/"), "its URL has no slash at the end")
            hold(login.url.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "its URL is ASCII")
        },
        Target(name: "decision") { bytes in
            guard let decision = try? DecisionDocument(parsing: bytes) else { return }
            let again = try? DecisionDocument(parsing: decision.payload())
            hold(again == decision, "a decision reads back")
            hold(!decision.reason.isEmpty, "it has a reason")
        },
    ]
}
