import Admission
import AgentSettings
import Foundation
import Signatures
import StrictTOML
import Testing

/// A file under Tests/Vectors/approvers: a policy, the signers of its host, and what must be said of
/// both.
///
/// make-approver-vectors there makes them and documents their form.
private struct ApproverVector: CustomTestStringConvertible {
    let name: String
    /// `accepted`, or a line `LINE:COLUMN KEY` for each mistake.
    let expected: [String]
    let signers: String
    /// Each thing that policy and signers leave open.
    let open: [String]
    let policy: [UInt8]

    var testDescription: String { name }

    static let all: [ApproverVector] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/approvers")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).sorted { $0.path() < $1.path() }.compactMap(ApproverVector.init)
    }()

    private init?(_ file: URL) {
        guard let data = try? Data(contentsOf: file),
            let gap = data.firstRange(of: Data("\n\n".utf8))
        else { return nil }
        let lines = String(decoding: data[..<gap.lowerBound], as: UTF8.self).split(separator: "\n")
        let values = { (key: String) in
            lines.filter { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
        }
        name = file.deletingPathExtension().lastPathComponent
        (expected, open) = (values("expect"), values("open"))
        signers = values("signer").map { $0 + "\n" }.joined()
        policy = Array(data[gap.upperBound...])
    }
}

extension ApproverCoverage {
    /// What is open, as vectors say it.
    fileprivate var texts: Set<String> {
        Set(
            unbounded.map { one in
                "unbounded \(one.name) "
                    + (one.kinds.isEmpty ? "all" : one.kinds.joined(separator: " "))
            } + nameless.map { "nameless \($0)" }
                + overridden.map { "overridden \($0.number) \($0.other)" }
                + (lacksReviewers ? ["reviewers"] : [])
        )
    }
}

@Suite struct `An entry that limits signers` {
    @Test func `comes in more than 150 vectors, most of them bad`() {
        #expect(ApproverVector.all.count > 150)
        #expect(ApproverVector.all.count { $0.expected != ["accepted"] } > 70)
        #expect(ApproverVector.all.count { !$0.open.isEmpty } > 40)
    }

    @Test(arguments: ApproverVector.all)
    fileprivate func `is refused at the place of its mistake, or leaves open what its vector says`(
        vector: ApproverVector
    ) throws {
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try Configuration(parsing: vector.policy, file: vector.name)
        } catch {
            let found = error.problems.map { "\($0.line):\($0.column) \($0.key ?? "-")" }
            return #expect(found == vector.expected)
        }
        #expect(vector.expected == ["accepted"])
        let signers = try AllowedSigners(parsing: Array(vector.signers.utf8))
        let coverage = ApproverCoverage(of: configuration.policy, signers)
        #expect(coverage.texts == Set(vector.open))
    }
}
