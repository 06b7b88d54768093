import Grants
import Linux
import SystemPackage

/// The reason why no check can be run.
package struct CheckDirectoryError: Error, Hashable, Sendable {
    package let reason: String
    package let remedy: String
}

/// The programs of a directory that each have a say in a request.
package struct CheckDirectory: Sendable {
    /// The most programs that are run, and the longest that is looked at, in bytes.
    private static let most = 64
    private static let programLimit = 256 << 20
    /// The longest answer, in bytes.
    private static let answerLimit = 64 << 10

    private let path: String
    private let timeLimit: Duration

    package init(_ path: String, timeLimit: Duration) {
        (self.path, self.timeLimit) = (path, timeLimit)
    }

    /// The names of the programs, in the order in which they are run.
    ///
    /// Names have letters, digits, `-` and `_`, as run-parts(8) has it, so that copies that editors and
    /// packages leave are not run.
    package func names() throws(CheckDirectoryError) -> [String] {
        var trust = TrustedFile()
        do throws(TrustError) {
            try trust.check(directory: path)
        } catch {
            throw CheckDirectoryError(
                reason: error.description,
                remedy: "checks belong to root or to the robot, and to no one else"
            )
        }
        guard let all = try? DirectoryListing.names(in: path) else {
            throw CheckDirectoryError(
                reason: "\(path) cannot be listed",
                remedy: "look at its mode"
            )
        }
        let names = all.filter { $0.utf8.allSatisfy(\.isNameByte) }
        guard !names.isEmpty else {
            throw CheckDirectoryError(
                reason: "\(path) has no check, and without one everything would be approved",
                remedy: "put a program there: jitgate-fleet-robot(1)"
            )
        }
        guard names.count <= Self.most else {
            throw CheckDirectoryError(
                reason: "\(path) has more than \(Self.most) checks",
                remedy: "remove some"
            )
        }
        return names
    }

    /// Runs all checks, one after the other.
    package func ask(_ question: CheckQuestion) throws(CheckDirectoryError) -> [NamedAnswer] {
        var results: [NamedAnswer] = []
        for name in try names() { results.append(NamedAnswer(name, ask(name, question))) }
        return results
    }

    private func ask(_ name: String, _ question: CheckQuestion) -> CheckAnswer {
        let program = "\(path)/\(name)"
        var trust = TrustedFile()
        do throws(TrustError) {
            _ = try trust.read(program, limit: Self.programLimit)
        } catch {
            return .failed(reason: error.description)
        }
        do throws(Errno) {
            let outcome = try ChildProcess.run(
                [program],
                input: question.line,
                outputLimit: Self.answerLimit,
                timeLimit: timeLimit
            )
            guard outcome.status == 0 else {
                return .failed(reason: "it ended with \(outcome.status)")
            }
            return CheckAnswer(parsing: outcome.output)
        } catch .timedOut {
            return .failed(reason: "it did not answer within \(timeLimit.shortText)")
        } catch {
            return .failed(reason: "it cannot be run: \(error)")
        }
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || "-_".utf8.contains(self)
    }
}
