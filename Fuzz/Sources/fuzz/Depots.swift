import Conditions
import Depot
import FetchSettings
import Grants

/// Answers of a depot, and the files that a carrier of grants reads.
extension Target {
    static let depots = [
        Target(name: "depot-index") { bytes in
            do {
                let index = try ShelfIndex(parsing: bytes)
                hold(
                    Set(index.digests).count == index.digests.count,
                    "no digest stands there twice"
                )
                let lines = index.lines.map(\.text).joined()
                let again = try? ShelfIndex(parsing: Array(lines.utf8))
                hold(again == index, "what is written is read alike")
            } catch let error as IndexError {
                let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
                hold((1...lines).contains(error.line), "an error names a line of the index")
            } catch {
                hold(false, "every error is of its type")
            }
        },
        Target(name: "retry-after") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let pause = RetryAfter.duration(text, date: "Sun, 06 Nov 1994 08:49:37 GMT")
            hold(pause.map { $0 >= .zero } ?? true, "no answer makes time run backwards")
        },
        Target(name: "fetch-configuration") { bytes in
            do {
                let configuration = try FetchConfiguration(parsing: bytes, file: "fetch.toml")
                let isPlain = configuration.url.hasPrefix("http://")
                let hosts = ["http://127.", "http://[::1]", "http://localhost", "http://LOCALHOST"]
                let isLoopback = hosts.contains {
                    configuration.url.lowercased().hasPrefix($0.lowercased())
                }
                hold(!isPlain || isLoopback, "plain HTTP goes to loopback alone")
            } catch let error as FetchConfigurationError {
                hold(!"\(error)".isEmpty, "an error says something")
            } catch {
                hold(false, "every error is of its type")
            }
        },
        Target(name: "carrier-report") { bytes in
            let now = Moment(microseconds: 1_772_352_000_000_000)
            guard let found = CarrierReport(parsing: bytes)?.conditions(of: "/inbox", at: now)
            else { return }
            let all = [found.silence, found.gap, found.certificate]
            let text = all.compactMap { $0?.message }.joined()
            hold(text.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "no text has controls")
        },
        Target(name: "reported-sizes") { bytes in
            let sizes = ReportedSizes(parsing: bytes)
            hold(ReportedSizes(parsing: sizes.encoded) == sizes, "what is written is read alike")
        },
        Target(name: "depot-credentials") { bytes in
            _ = try? CredentialsFile(parsing: bytes)
        },
    ]
}
