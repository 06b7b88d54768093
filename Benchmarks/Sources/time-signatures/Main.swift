import Foundation
import Grants
import Signatures

/// Times what the agent does with the signatures of a file: `time-signatures FOLDER` prints a line for
/// each `NAME.grant` beside its `NAME.signers`, with the median of a verification in microseconds.
@main
enum Main {
    private static let rounds = 400

    static func main() throws {
        guard let folder = CommandLine.arguments.dropFirst().first else {
            FileHandle.standardError.write(Data("usage: time-signatures FOLDER\n".utf8))
            exit(2)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        for name in names.filter({ $0.hasSuffix(".grant") }).sorted() {
            let stem = folder + "/" + name.dropLast(".grant".count)
            print(name.dropLast(".grant".count), try median(of: stem))
        }
    }

    private static func median(of stem: String) throws -> Double {
        let file = Array(try Data(contentsOf: URL(fileURLWithPath: stem + ".grant")))
        let lines = Array(try Data(contentsOf: URL(fileURLWithPath: stem + ".signers")))
        let verifier = SignatureVerifier(allowedSigners: try AllowedSigners(parsing: lines))
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let clock = ContinuousClock()
        let times = try (0..<rounds).map { _ in
            try clock.measure { _ = try verifier.verify(file, at: now) }
        }
        return times.sorted()[rounds / 2] / .microseconds(1)
    }
}
