import ArgumentParser
import CommandSupport
import Grants
import Robot
import Signatures
import StrictJSON

struct RobotCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "robot",
        abstract: "Answer the requests at a hub by the checks of a directory.",
        discussion: """
            A robot is a signer like any other: what its key may let in is capped by an [[approver]] of \
            the hosts' policies (jitgate.toml(5)). Let it run as a user of its own, better on a machine \
            of its own, with a key that allows jitgate-login, jitgate-grant and jitgate-decision.

            It verifies that the requestor signed the request, and runs each program of --checks \
            (letters, digits, - and _ in its name; root's or the robot's own, writable by no one else). \
            A check reads one line of JSON: jitgate (check/1), now, hub, request (the payload), sha256, \
            signatures (verified), evidence (a text that the requestor sent along, or null), and what the \
            hub says: outlook (of the hosts) and address (that the request came from). It prints JSON: \
            decision, which is allow, deny or pass (people decide), reason, and with allow until, a UTC \
            time.

            If all allow it, the robot signs. A check that denies, or allows less time than the request \
            could hold, has it denied with the reason. An exit status other than 0, no answer in time, \
            or no JSON means no: nothing is signed, and the robot asks again after a minute. Each \
            answer is printed.

              jitgate-fleet robot --hub https://hub.example.com --key /etc/jitgate/robot \\
                --checks /etc/jitgate/checks.d
              jitgate-fleet robot --once --json

            Exit status: as a service it ends by a signal; with --once 0 done, 1 some requests were not \
            answered; 2 usage; else as in sysexits.h: 69 the hub does not answer, 77 no permission, 78 \
            bad configuration.
            """
    )

    @Option(
        help: ArgumentHelp("The programs that each have a say.", valueName: "directory"),
        completion: .directory
    )
    var checks = "/etc/jitgate/checks.d"

    @Option(
        help: ArgumentHelp(
            "The people who may ask, in OpenSSH's format; the hub's own file is not trusted.",
            valueName: "file"
        ),
        completion: .file()
    )
    var allowedSigners = "/etc/jitgate/allowed_signers"

    @Option(
        help: ArgumentHelp(
            "Look for requests this often while the hub does not tell of them.",
            valueName: "time"
        ),
        transform: Duration.init(parsing:)
    )
    var every: Duration = .seconds(5)

    @Option(
        help: ArgumentHelp("The time that a check has to answer.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var timeLimit: Duration = .seconds(10)

    @Flag(help: "Look once, and end.")
    var once = false

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard every >= .seconds(1), timeLimit >= .seconds(1) else {
            throw ValidationError("--every and --time-limit take a second at least")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let directory = CheckDirectory(checks, timeLimit: timeLimit)
        try Self.require(directory)
        var rounds = RobotRounds(
            client: try hub.client(on: console),
            signers: try signers(),
            checks: directory,
            format: format,
            console: console
        )
        guard !once else {
            guard try rounds.answerAll() else { throw .alreadyReported }
            return
        }
        let events = HubEvents(rounds.client, elseEvery: every)
        while true {
            do throws(CommandFailure) {
                _ = try rounds.answerAll()
                let pause = rounds.nextLook.map { $0 - console.now() } ?? Self.longest
                _ = events.wait(atMost: max(.seconds(1), min(pause, Self.longest)))
            } catch  where [.unavailable, .temporary].contains(error.status) {
                console.note("jitgate-fleet: \(DisplayText.safe(error.message))")
                Pause.sleep(every)
            }
        }
    }

    /// The longest time between two looks.
    private static let longest: Duration = .seconds(600)

    private func signers() throws(CommandFailure) -> SignatureVerifier {
        let bytes = try GrantFile.read(allowedSigners, limit: 256 << 10)
        do throws(AllowedSignersError) {
            return SignatureVerifier(allowedSigners: try AllowedSigners(parsing: bytes))
        } catch {
            throw CommandFailure(.configuration, "\(allowedSigners): \(error)")
        }
    }

    private static func require(_ directory: CheckDirectory) throws(CommandFailure) {
        do throws(CheckDirectoryError) {
            _ = try directory.names()
        } catch {
            throw .unusable(error)
        }
    }
}

extension CommandFailure {
    static func unusable(_ error: CheckDirectoryError) -> CommandFailure {
        CommandFailure(.configuration, error.reason, hints: [error.remedy])
    }
}
