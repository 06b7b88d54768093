import AgentInterface
import Grants
import Testing

@testable import Agent

@Suite struct `The results of submissions` {
    private let id = GrantID(value: 1)
    private let accepted = SubmissionResult(outcome: .accepted, ids: [GrantID(value: 1)])

    @Test func `are known once the acceptance of a grant is on record`() {
        var results = SubmissionResults()
        results.expect(path: "/d/a.grant", sha256: "aa", of: id)
        results.postAdmitted { _ in nil }
        #expect(results.verdict(on: "/d/a.grant", sha256: "aa") == nil)
        results.postAdmitted { $0 == id ? accepted : nil }
        #expect(results.verdict(on: "/d/a.grant", sha256: "aa") == accepted)
    }

    @Test func `are of one content of a file, unless it could not be read`() {
        var results = SubmissionResults()
        results.post(accepted, on: "/d/a.grant", sha256: "aa")
        #expect(results.verdict(on: "/d/a.grant", sha256: "bb") == nil)
        let refused = SubmissionResult(outcome: .refused, code: "unreadable", reason: "no")
        results.post(refused, on: "/d/a.grant", sha256: nil)
        #expect(results.verdict(on: "/d/a.grant", sha256: "bb") == refused)
    }
}
