// What soapcpp2 reads: the service as wsdl2h has it from the WSDL, and a header that no server knows, to provoke a fault with.
#import "service.h"
//gsoap interop schema namespace: urn:lighterage:interop
struct SOAP_ENV__Header
{
    mustUnderstand std::string *interop__Insurance 0;
};
