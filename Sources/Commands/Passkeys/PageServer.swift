import CommandSupport
import Grants
import ApprovalPage
import Linux
import LoopbackHTTP
import SystemPackage

/// Serves the page for one task, and waits for its answer.
struct PageServer {
    /// The time that a person has.
    private static let time = Duration.seconds(600)

    let place: PasskeyPageOptions
    let console: Console

    /// The answer that `check` found nothing wrong with.
    func answer(
        to task: PageTask,
        check: (PageAnswer) -> String?
    ) throws(CommandFailure) -> PageAnswer {
        var conversation = PageConversation(task, at: place)
        do throws(Errno) {
            var server = try LoopbackServer(port: place.port, fields: ApprovalPage.fields)
            announce("\(place.origin)\(conversation.path)")
            _ = try server.serve(until: .now + Self.time) {
                conversation.respond(to: $0, check: check)
            }
        } catch .addressInUse {
            throw CommandFailure(
                .temporary,
                "port \(place.port) of localhost is in use",
                hints: [
                    "is another `jitgate sign --passkey` waiting? ss -tlnp sport = :\(place.port)",
                    "another port needs --port, and its origin in the policy's [webauthn] origins",
                ]
            )
        } catch {
            throw CommandFailure(.inputOutput, "port \(place.port) of localhost: \(error)")
        }
        switch conversation.answer {
        case nil: throw CommandFailure(.no, "nobody answered on the page within 10 minutes")
        case .cancelled?: throw CommandFailure(.no, "cancelled on the page")
        case let answer?: return answer
        }
    }

    private func announce(_ link: String) {
        let command = place.noBrowser ? nil : Browser.command(for: link, console)
        if let command, (try? DetachedProcess.start(command)) != nil {
            console.note("opened with \(command[0]), for your passkey; Ctrl-C ends it:")
        } else {
            console.note("open this page, for your passkey; Ctrl-C ends it:")
        }
        console.note("  \(link)")
        guard let here = Browser.forwarding(console) else { return }
        let port = place.port
        console.note("the browser is on another machine? run there first, and leave it running:")
        console.note("  ssh -N -L \(port):localhost:\(port) \(here)")
    }
}
