import ArgumentParser
import CommandSupport
import Grants
import Linux
import StrictJSON

struct LoginCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in at a hub by a signature, and print a link for a browser.",
        discussion: """
            ssh-keygen signs the URL of the hub and a nonce of that hub under jitgate-login, so the line \
            of the key in the hub's allowed_signers names that namespace. The link logs one browser in, \
            once, within a minute. The commands of this program log in by themselves when they have to; \
            the token lies in ~/.cache/jitgate, and --logout ends it.

              jitgate-fleet login https://hub.example.com
              jitgate-fleet login --open
              jitgate-fleet login --logout

            Exit status: 0 done; 1 refused; 2 usage; else as in sysexits.h: 69 the hub does not answer, \
            75 try again later, 77 no permission, 78 bad configuration.
            """
    )

    @Argument(help: "The URL of the hub, as for --hub.")
    var url: String?

    @Flag(help: "Open the link in a browser.")
    var open = false

    @Flag(help: "End the session instead.")
    var logout = false

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard url == nil || hub.hub == nil else {
            throw ValidationError("the hub is named twice: as an argument and by --hub")
        }
        guard !open || !logout else { throw ValidationError("--open and --logout: give one") }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(url, on: console)
        guard !logout else {
            try client.logOut()
            return console.note("logged out of \(client.url)")
        }
        let login = try client.logIn()
        guard !format.json else { return console.print(json: json(login, client.url)) }
        console.note(DisplayText.safe("\(login.summary), at \(client.url)"))
        console.note(DisplayText.safe("may: \(login.may.joined(separator: ", "))"))
        guard let link = login.link else { return }
        console.print(DisplayText.safe(link))
        // A hub is no reason to open any page but its own.
        guard open, link.hasPrefix(client.url + "/") else { return }
        guard let command = Browser.command(for: link, console),
            (try? DetachedProcess.start(command)) != nil
        else { return console.note("jitgate-fleet: there is no browser here: open the link") }
    }

    private func json(_ login: HubLogin, _ url: String) -> JSONValue {
        [
            "hub": .string(url), "name": .string(login.token.name),
            "may": .array(login.may.map(JSONValue.string)),
            "expires": .string(login.token.expires.description),
            "link": .optional(login.link),
        ]
    }
}
