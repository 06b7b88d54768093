import CommandSupport
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `The manual pages of jitgate and jitgate-fleet` {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// A command, by its words, and what the program says of it for tools.
    private struct JitgateCommand {
        let words: [String]
        let form: JSONValue

        /// It and all below it.
        var all: [JitgateCommand] {
            let below = (form["subcommands"]?.items ?? []).compactMap { form in
                form["commandName"]?.text.map { JitgateCommand(words: words + [$0], form: form) }
            }
            return [self] + below.filter { $0.words.last != "help" }.flatMap(\.all)
        }
    }

    private let folder: TemporaryDirectory
    private let verbs: [JitgateCommand]

    init() throws {
        folder = try TemporaryDirectory()
        var verbs: [JitgateCommand] = []
        for program in ["jitgate", "jitgate-fleet"] {
            let made = try Command.run([
                Self.root + "/scripts/make-manuals", AgentHost.build, folder.path, "2026-11-23",
                program,
            ])
            guard made.status == 0 else { throw TestFailure(made.errors) }
            let dump = try Command.run([AgentHost.build + program, "--experimental-dump-help"])
            let form = try #require(JSONNode.parse(dump.output).value["command"])
            // The options of these are those of the other program.
            let passed = ["fleet", "login", "requests", "approve", "deny", "withdraw", "ssh"]
            verbs += JitgateCommand(words: [program], form: form).all
                .filter { $0.words[0] != "jitgate" || !passed.contains($0.words.last ?? "") }
        }
        self.verbs = verbs
    }

    private struct TestFailure: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// The options that `--help` lists: what begins a line with a dash.
    private func options(_ help: String) -> [Substring] {
        help.components(separatedBy: "OPTIONS:\n").dropFirst().joined()
            .split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("-") }
            .flatMap { $0.split(separator: " ").prefix { $0.hasPrefix("-") || $0.hasPrefix("<") } }
            .filter { $0.hasPrefix("-") }.map { $0.prefix { $0 != "," } }
    }

    @Test func `have every option that the help of a command has, and say what it does`() throws {
        #expect(verbs.count >= 25)
        for verb in verbs {
            let name = verb.words.joined(separator: "-")
            let page = try String(contentsOfFile: "\(folder.path)/man/\(name).1", encoding: .utf8)
            let help = try Command.run(
                [AgentHost.build + verb.words[0]] + verb.words.dropFirst() + ["-h"]
            )
            let options = options(help.text)
            #expect(options.contains("--help") && help.status == 0)
            for option in options {
                let flag = option.dropFirst().replacing("-", with: "\\-")
                let item = page.split(separator: "\n").firstIndex {
                    $0.hasPrefix(".It ") && "\($0) ".contains("Fl \(flag) ")
                }
                #expect(item != nil, "\(name) \(option)")
            }
            for argument in verb.form["arguments"]?.items ?? []
            where argument["shouldDisplay"] == true {
                #expect(argument["abstract"]?.text?.isEmpty == false, "\(name): \(argument)")
            }
        }
    }

    @Test func `come with completions that know where a file or a directory belongs`() throws {
        for verb in verbs {
            for argument in verb.form["arguments"]?.items ?? [] where argument["kind"] != "flag" {
                let value = argument["valueName"]?.text ?? ""
                guard ["file", "directory"].contains(value) else { continue }
                #expect(argument["completionKind"]?[value] != nil, "\(verb.words) \(argument)")
            }
        }
    }

    @Test func `name every command that there is, with an example of each that does something`()
        throws
    {
        for verb in verbs {
            let name = verb.words.joined(separator: "-")
            let page = try String(contentsOfFile: "\(folder.path)/man/\(name).1", encoding: .utf8)
            for below in verb.form["subcommands"]?.items ?? [] {
                guard let word = below["commandName"]?.text, word != "help" else { continue }
                #expect(page.contains(".It Xr \(name)-\(word) 1\n"))
            }
            guard verb.form["subcommands"] == nil else { continue }
            let words = verb.words.joined(separator: " ")
            #expect(page.contains(words.replacing("-", with: "\\-")), "\(name)")
        }
    }
}
