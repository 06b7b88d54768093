import StrictJSON
import TestSupport
import Testing

@testable import Hub

struct PeopleTests {
    @Test func `people are the lines, each name once`() async throws {
        let (dana, olga) = (try HubPerson("dana"), try HubPerson("olga", "jitgate-request"))
        let second = try HubPerson("dana", "jitgate-audit")
        let hub = try await RunningHub(people: [olga, dana, second])
        let token = try await hub.token(of: dana)
        let reply = try await hub.call("GET", "/v1/people", token: token)
        let people = reply.json["people"]?.items ?? []
        #expect(people.map { $0["name"]?.text } == ["dana", "olga"], "\(reply.text)")
        #expect(people.first?["keys"]?.items?.count == 2)
        #expect(people.first?["may"]?.items?.contains("jitgate-audit") == true)
        #expect(people.first?["last_login"]?.text != nil && people.last?["last_login"] == nil)
        let page = try await hub.call("GET", "/v1/people?limit=1", token: token)
        #expect(page.json["next"]?.text == "1")
        let rest = try await hub.call("GET", "/v1/people?limit=1&cursor=1", token: token)
        #expect(rest.json["people"]?.items?.first?["name"]?.text == "olga")
        #expect(rest.json["next"] == .null)
        let csv = try await hub.call("GET", "/v1/people?format=csv", token: token)
        #expect(csv.text.hasPrefix("name,may,keys,last_login,requests,approvals\r\ndana,"))
        #expect(try await hub.call("GET", "/v1/people").status == 401)
        // The permissions of one key are not those of the other of the same name.
        let me = try await hub.call("GET", "/v1/me", token: token)
        #expect(me.json["may"]?.items?.contains("jitgate-audit") == false)
        try await hub.stop()
    }
}
